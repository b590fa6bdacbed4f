import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { fileForm, SIM_NOW, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3])
const AT = SIM_NOW / 1000
const OK = { errcode: 0, errmsg: 'ok' }

async function agents() {
  const api = await startSimulatorApi({ agents: ['lin@shop'] })
  const account = (name: string, body: unknown) => api.post(`customservice/kfaccount/${name}`, body)
  const list = async () => (await api.get('cgi-bin/customservice/getkflist')).kf_list
  return { ...api, account, list }
}

describe('the accounts of human agents', () => {
  it('are added, changed, bound, listed and deleted', async () => {
    const { account, list, get, post, simulator } = await agents()
    const kf_account = 'wang@shop'
    expect(await account('add', { kf_account, nickname: '小王', password: 'ignored' })).toEqual(OK)
    expect(await account('update', { kf_account, nickname: '老王' })).toEqual(OK)
    const picture = `customservice/kfaccount/uploadheadimg?kf_account=${kf_account}`
    expect(await post(picture, fileForm('a.png', PNG))).toEqual(OK)
    const online = async () => (await get('cgi-bin/customservice/getonlinekflist')).kf_online_list
    expect(await online()).toHaveLength(1)
    expect(await account('inviteworker', { kf_account, invite_wx: 'wx_wang' })).toEqual(OK)
    expect(await online()).toMatchObject([
      { kf_account: 'lin@shop' },
      { kf_account, status: 1, kf_id: expect.any(Number), accepted_case: 0 },
    ])
    const known = (await list()) as Record<string, unknown>[]
    expect(known).toMatchObject([
      { kf_account: 'lin@shop', kf_nick: 'lin', kf_id: expect.any(Number) },
      { kf_account, kf_nick: '老王', kf_wx: 'wx_wang', kf_headimgurl: expect.stringMatching(/^http/) },
    ])
    const head = await simulator.app.request(String(known[1]?.kf_headimgurl))
    expect(new Uint8Array(await head.arrayBuffer())).toEqual(PNG)
    expect(await get(`customservice/kfaccount/del?kf_account=${kf_account}`)).toEqual(OK)
    expect(await account('del', { kf_account: 'lin@shop' })).toEqual(OK)
    expect(await list()).toEqual([])
  })

  it('are rejected with WeChat’s codes', async () => {
    const { account, get, post } = await agents()
    const codeOf = async (name: string, body: object) => (await account(name, body)).errcode
    const lin = 'lin@shop'
    expect(await codeOf('add', { kf_account: lin, nickname: 'a' })).toBe(65406)
    expect(await codeOf('add', { kf_account: 'no at', nickname: 'a' })).toBe(65404)
    expect(await codeOf('add', { kf_account: 'a@shop', nickname: '' })).toBe(65403)
    expect(await codeOf('add', { kf_account: 'a@shop', nickname: '字'.repeat(17) })).toBe(65403)
    expect(await codeOf('add', { kf_account: 1 })).toBe(47001)
    for (const name of ['update', 'inviteworker', 'del'])
      expect(await codeOf(name, { kf_account: 'x@shop', nickname: 'a', invite_wx: 'a' })).toBe(65401)
    expect(await codeOf('inviteworker', { kf_account: lin, invite_wx: 'other' })).toBe(65408)
    expect(await get('customservice/kfaccount/del?kf_account=x@shop')).toMatchObject({ errcode: 65401 })
    const picture = `customservice/kfaccount/uploadheadimg?kf_account=${lin}`
    expect(await post(picture, fileForm('a.txt', new Uint8Array([1])))).toMatchObject({ errcode: 40005 })
    for (let i = 0; i < 99; i++) await account('add', { kf_account: `a${i}@shop`, nickname: 'a' })
    expect(await codeOf('add', { kf_account: 'more@shop', nickname: 'a' })).toBe(65405)
  })
})

describe('an agent session', () => {
  it('is created, read, closed and pushed as events', async () => {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      request.on('data', (part) => bodies.push(String(part)))
      request.on('end', () => response.end('success'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const { post, get, sim } = await startSimulatorApi({ agents: ['lin@shop', 'wang@shop'], callbackUrl })
    await sim.follow('oTest')
    const session = { kf_account: 'lin@shop', openid: 'oTest' }
    expect(await get('customservice/kfsession/getsession?openid=oTest')).toMatchObject({ kf_account: '' })
    expect(await post('customservice/kfsession/create', session)).toEqual(OK)
    expect(await post('customservice/kfsession/create', session)).toEqual(OK)
    await expect.poll(() => bodies.length).toBe(2)
    expect(await get('customservice/kfsession/getsession?openid=oTest')).toMatchObject({
      kf_account: 'lin@shop',
      createtime: AT,
    })
    expect(await get('customservice/kfsession/getsessionlist?kf_account=lin@shop')).toEqual({
      sessionlist: [{ createtime: AT, openid: 'oTest' }],
    })
    await sim.type('oTest', '你好')
    const other = { ...session, kf_account: 'wang@shop' }
    expect(await post('customservice/kfsession/create', other)).toMatchObject({ errcode: 65414 })
    expect(await post('customservice/kfsession/close', other)).toMatchObject({ errcode: 65414 })
    expect(await post('customservice/kfsession/close', session)).toEqual(OK)
    await expect.poll(() => bodies.length).toBe(4)
    server.close()
    const events = bodies.map((body) => JSON.parse(body) as Record<string, unknown>)
    expect(events.map((e) => e.Event ?? e.MsgType)).toEqual([
      'subscribe',
      'kf_create_session',
      'text',
      'kf_close_session',
    ])
    expect(events[3]).toMatchObject({ KfAccount: 'lin@shop', CloseType: 'KF' })
    const period = { starttime: AT - 10, endtime: AT + 10, msgid: 1, number: 10_000 }
    expect(await post('customservice/msgrecord/getmsglist', period)).toEqual({
      recordlist: [
        {
          openid: 'oTest',
          opercode: 2002,
          text: expect.stringContaining('lin'),
          time: AT,
          worker: 'lin@shop',
        },
        { openid: 'oTest', opercode: 2003, text: '你好', time: AT, worker: 'lin@shop' },
      ],
      number: 2,
      msgid: 3,
    })
    expect(await post('customservice/msgrecord/getmsglist', { ...period, msgid: 3 })).toEqual({
      recordlist: [],
      number: 0,
      msgid: 3,
    })
  })

  it('is rejected with WeChat’s codes', async () => {
    const { post, get, sim, account } = await agents()
    await sim.follow('oTest')
    const code = async (name: string, kf_account: string, openid: string) =>
      (await post(`customservice/kfsession/${name}`, { kf_account, openid })).errcode
    expect(await code('create', 'x@shop', 'oTest')).toBe(65401)
    expect(await code('create', 'lin@shop', 'oUnknown')).toBe(40003)
    expect(await code('close', 'lin@shop', 'oTest')).toBe(65413)
    await account('add', { kf_account: 'new@shop', nickname: 'new' })
    expect(await code('create', 'new@shop', 'oTest')).toBe(65402)
    expect(await get('customservice/kfsession/getsessionlist?kf_account=x@shop')).toMatchObject({
      errcode: 65401,
    })
    expect(await get('customservice/kfsession/getsession?openid=oUnknown')).toMatchObject({ errcode: 40003 })
    const period = { starttime: AT, endtime: AT + 86_401, msgid: 1, number: 1 }
    expect(await post('customservice/msgrecord/getmsglist', period)).toMatchObject({ errcode: 65417 })
    expect(await post('customservice/msgrecord/getmsglist', { ...period, number: 0 })).toMatchObject({
      errcode: 65416,
    })
  })

  it('is waited for by followers who were handed over to human agents', async () => {
    const { get, state, sim } = await agents()
    await sim.follow('oTest')
    expect(await get('customservice/kfsession/getwaitcase')).toEqual({ count: 0, waitcaselist: [] })
    state.followers.get('oTest')?.messages.push({
      at: SIM_NOW,
      from: 'account',
      via: 'passive',
      kind: 'transfer_customer_service',
      content: {},
    })
    expect(await get('customservice/kfsession/getwaitcase')).toEqual({
      count: 1,
      waitcaselist: [{ latest_time: AT, openid: 'oTest' }],
    })
    await sim.agentJoins('oTest')
    expect(await get('customservice/kfsession/getwaitcase')).toMatchObject({ count: 0 })
  })
})

describe('an account without certification', () => {
  it('may not make the calls of human agents', async () => {
    const { request } = await startSimulatorApi({ certified: false })
    for (const path of ['cgi-bin/customservice/getkflist', 'customservice/kfsession/getwaitcase'])
      expect(await (await request('GET', path)).json()).toMatchObject({ errcode: 48001 })
  })
})
