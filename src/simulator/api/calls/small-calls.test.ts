import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeQR } from 'qr/decode.js'
import { describe, expect, it } from 'vitest'
import { ACCOUNT, startFakePlatform } from '../../../../test/fixtures/fake-platform-server.ts'
import { SIM_APP, SIM_NOW, startSimulatorApi } from '../../../../test/fixtures/simulator-api.ts'

describe('ticket/getticket', () => {
  it('returns the same ticket until it expires, one for each type', async () => {
    const clock = { now: SIM_NOW }
    const { get } = await startSimulatorApi({ certified: false }, { now: () => clock.now })
    const jsapi = await get('cgi-bin/ticket/getticket?type=jsapi')
    expect(jsapi).toEqual({ errcode: 0, errmsg: 'ok', ticket: expect.any(String), expires_in: 7200 })
    clock.now += 60_000
    expect(await get('cgi-bin/ticket/getticket?type=jsapi')).toEqual({ ...jsapi, expires_in: 7140 })
    const card = await get('cgi-bin/ticket/getticket?type=wx_card')
    expect(card.ticket).not.toBe(jsapi.ticket)
    expect(await get('cgi-bin/ticket/getticket?type=other')).toMatchObject({ errcode: 40097 })
  })
})

describe('callback/check', () => {
  it('answers the requested action', async () => {
    const { post } = await startSimulatorApi({ callbackUrl: 'http://127.0.0.1:9/' })
    const check = (action: string, check_operator = 'DEFAULT') =>
      post('cgi-bin/callback/check', { action, check_operator })
    expect(await check('all')).toEqual({
      dns: [{ ip: '127.0.0.1', real_operator: 'UNICOM' }],
      ping: [
        { ip: '127.0.0.1', from_operator: 'CAP', package_loss: '0%', time: expect.stringMatching(/ms$/) },
      ],
    })
    expect(Object.keys(await check('dns'))).toEqual(['dns'])
    expect(Object.keys(await check('ping', 'UNICOM'))).toEqual(['ping'])
    expect(await check('all', 'UNKNOWN')).toMatchObject({ errcode: 40203 })
    expect(await check('unknown')).toMatchObject({ errcode: 40202 })
    const bare = await startSimulatorApi()
    const body = { action: 'all', check_operator: 'DEFAULT' }
    expect(await bare.post('cgi-bin/callback/check', body)).toMatchObject({ errcode: 40201 })
  })
})

describe('get_current_autoreply_info', () => {
  it('reports that no auto-reply exists', async () => {
    const { get } = await startSimulatorApi({ certified: false })
    expect(await get('cgi-bin/get_current_autoreply_info')).toEqual({
      is_add_friend_reply_open: 0,
      is_autoreply_open: 0,
    })
  })
})

/** The pixels of a GIF's first frame, as `qr` writes it: black and white, stored without real compression. */
function gifPixels(gif: Uint8Array): { width: number; height: number; data: Uint8Array } {
  const view = Buffer.from(gif)
  expect(view.subarray(0, 3).toString()).toBe('GIF')
  const [width, height] = [view.readUInt16LE(6), view.readUInt16LE(8)]
  const colours = 2 << ((view[10] ?? 0) & 7)
  const palette = view.subarray(13, 13 + 3 * colours)
  let at = 13 + 3 * colours
  while (view[at] === 0x21) {
    at += 2
    while (view[at] !== 0) at += (view[at] ?? 0) + 1
    at += 1
  }
  at += 10
  const codeBits = (view[at] ?? 0) + 1
  const parts: Buffer[] = []
  for (at += 1; view[at] !== 0; at += (view[at] ?? 0) + 1)
    parts.push(view.subarray(at + 1, at + 1 + (view[at] ?? 0)))
  const codes = lzw(Buffer.concat(parts), codeBits)
  const data = new Uint8Array(width * height * 4)
  codes.slice(0, width * height).forEach((colour, i) => {
    data.set([...palette.subarray(3 * colour, 3 * colour + 3), 255], 4 * i)
  })
  return { width, height, data }
}

/** Decodes GIF's LZW. */
function lzw(bytes: Buffer, firstBits: number): number[] {
  const clear = 1 << (firstBits - 1)
  let table: number[][] = []
  let bits = firstBits
  let before: number[] | null = null
  const out: number[] = []
  const start = () => {
    table = Array.from({ length: clear + 2 }, (_, i) => [i])
    bits = firstBits
    before = null
  }
  start()
  for (let at = 0; at + bits <= bytes.length * 8; ) {
    let code = 0
    for (let i = 0; i < bits; i++, at++) code |= (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) << i
    if (code === clear) {
      start()
      continue
    }
    if (code === clear + 1) break
    const last: number[] | null = before
    const entry: number[] = table[code] ?? [...(last ?? []), (last ?? [])[0] ?? 0]
    out.push(...entry)
    if (last && table.length < 4096) table.push([...last, entry[0] ?? 0])
    if (table.length === 1 << bits && bits < 12) bits += 1
    before = entry
  }
  return out
}

describe('showqrcode', () => {
  it('is an image of the URL that qrcode/create returned, without a token', async () => {
    const { post, simulator } = await startSimulatorApi()
    const { ticket, url } = await post('cgi-bin/qrcode/create', {
      action_name: 'QR_STR_SCENE',
      action_info: { scene: { scene_str: 'expo' } },
    })
    const path = `/cgi-bin/showqrcode?ticket=${encodeURIComponent(String(ticket))}`
    const answer = await simulator.app.request(path)
    expect(answer.headers.get('content-type')).toBe('image/gif')
    expect(decodeQR(gifPixels(new Uint8Array(await answer.arrayBuffer())))).toBe(url)
  })

  it('answers 404 for an unknown or expired ticket', async () => {
    const clock = { now: SIM_NOW }
    const { post, simulator } = await startSimulatorApi({}, { now: () => clock.now })
    const body = { action_name: 'QR_SCENE', expire_seconds: 60, action_info: { scene: { scene_id: 1 } } }
    const { ticket } = await post('cgi-bin/qrcode/create', body)
    const status = async (value: unknown) =>
      (await simulator.app.request(`/cgi-bin/showqrcode?ticket=${encodeURIComponent(String(value))}`)).status
    expect(await status('unknown')).toBe(404)
    expect(await status(ticket)).toBe(200)
    clock.now += 61_000
    expect(await status(ticket)).toBe(404)
  })
})

describe('openapi/rid/get', () => {
  it('returns the request of a failed call, to its own account only', async () => {
    const { post, simulator } = await startSimulatorApi({ certified: false })
    const refused = await post('cgi-bin/user/info/updateremark', { openid: 'oTest', remark: 'a' })
    const rid = /rid: (.+)$/.exec(String(refused.errmsg))?.[1]
    const found = await post('cgi-bin/openapi/rid/get', { rid })
    expect(found).toMatchObject({
      errcode: 0,
      request: {
        invoke_time: SIM_NOW / 1000,
        request_url: 'access_token=***',
        request_body: '{"openid":"oTest","remark":"a"}',
        response_body: JSON.stringify(refused),
        client_ip: '127.0.0.1',
      },
    })
    expect(await post('cgi-bin/openapi/rid/get', { rid: '1-2-3' })).toMatchObject({ errcode: 76001 })
    const strange = await simulator.app.request('/cgi-bin/user/get?access_token=nobody')
    const other = /rid: (.+)$/.exec(((await strange.json()) as { errmsg: string }).errmsg)?.[1]
    expect(await post('cgi-bin/openapi/rid/get', { rid: other })).toMatchObject({ errcode: 76002 })
  })
})

describe('clear_quota/v2', () => {
  it('authenticates by the secret, in the query or the body', async () => {
    const { simulator } = await startSimulatorApi()
    async function clear(query: string, body?: object): Promise<unknown> {
      const answer = await simulator.app.request(`/cgi-bin/clear_quota/v2${query}`, {
        method: 'POST',
        body: body ? JSON.stringify(body) : '',
      })
      return answer.json()
    }
    const ok = { errcode: 0, errmsg: 'ok' }
    expect(await clear(`?appid=${SIM_APP}&appsecret=test-secret`)).toEqual(ok)
    expect(await clear('', { appid: SIM_APP, appsecret: 'test-secret' })).toEqual(ok)
    expect(await clear('')).toMatchObject({ errcode: 41002 })
    expect(await clear('?appid=wxother0000000001')).toMatchObject({ errcode: 40013 })
    expect(await clear(`?appid=${SIM_APP}`)).toMatchObject({ errcode: 41004 })
    expect(await clear(`?appid=${SIM_APP}&appsecret=wrong`)).toMatchObject({ errcode: 40125 })
  })
})

describe('the data of the API', () => {
  it('survives a restart, except for files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sim-'))
    const options = { statePath: join(folder, 'state.json') }
    const first = await startSimulatorApi({}, options)
    await first.sim.follow('oTest')
    await first.post('cgi-bin/user/info/updateremark', { openid: 'oTest', remark: '老客户' })
    await first.post('cgi-bin/tags/members/batchblacklist', { openid_list: ['oTest'] })
    await first.post('customservice/kfaccount/add', { kf_account: 'wang@shop', nickname: '小王' })
    const button = [{ type: 'click', name: 'a', key: 'a' }]
    await first.post('cgi-bin/menu/create', { button })
    await first.post('cgi-bin/menu/addconditional', { button, matchrule: { tag_id: '2' } })
    await first.simulator.close()
    const second = await startSimulatorApi({}, options)
    expect(await second.get('cgi-bin/user/info?openid=oTest')).toMatchObject({ remark: '老客户' })
    expect(await second.post('cgi-bin/tags/members/getblacklist', {})).toMatchObject({ total: 1 })
    expect(await second.get('cgi-bin/menu/get')).toMatchObject({
      conditionalmenu: [{ matchrule: { tag_id: '2' } }],
    })
    expect(second.state.agents.map((a) => a.kfAccount)).toContain('wang@shop')
    rmSync(folder, { recursive: true })
  })
})

describe('the options that a platform sets for an account', () => {
  it('are read and set under both names, within the account’s permission sets', async () => {
    const at = await startFakePlatform()
    await at.authorised()
    const component = [...at.simulator.wechat.components.values()][0]
    const token = component?.tokens.plainToken(Date.now()).access_token
    async function call(name: string, body: object): Promise<unknown> {
      const answer = await at.simulator.app.request(`/cgi-bin/component/${name}?access_token=${token}`, {
        method: 'POST',
        body: JSON.stringify({
          component_appid: component?.options.appId,
          authorizer_appid: ACCOUNT,
          ...body,
        }),
      })
      return answer.json()
    }
    const option_name = 'location_report'
    expect(await call('api_get_authorizer_option', { option_name })).toEqual({
      authorizer_appid: ACCOUNT,
      option_name,
      option_value: '0',
    })
    expect(await call('set_authorizer_option', { option_name, option_value: '2' })).toMatchObject({
      errcode: 0,
    })
    expect(await call('get_authorizer_option', { option_name })).toMatchObject({ option_value: '2' })
    expect(await call('api_set_authorizer_option', { option_name, option_value: '3' })).toMatchObject({
      errcode: 40035,
    })
    expect(await call('get_authorizer_option', { option_name: 'x' })).toMatchObject({ errcode: 40035 })
    expect(await call('get_authorizer_option', {})).toMatchObject({ errcode: 47001 })
    const authorisation = component?.authorisations.get(ACCOUNT)
    if (authorisation) authorisation.funcs = [1]
    expect(await call('get_authorizer_option', { option_name })).toMatchObject({ errcode: 61007 })
    await at.close()
  })
})
