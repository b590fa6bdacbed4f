import { describe, expect, it } from 'vitest'
import { SIM_APP, startSimulatorApi } from '../../../../../test/fixtures/simulator-api.ts'

async function withFollowers(count: number) {
  const api = await startSimulatorApi()
  const openIds = Array.from({ length: count }, (_, i) => `oTest${i}`)
  for (const openId of openIds) api.simulator.wechat.follower({ appId: SIM_APP, openId }).following = true
  return { ...api, openIds }
}

describe('user/get', () => {
  it('lists followers by pages of 10,000 and ends with an empty page', async () => {
    const { get, openIds } = await withFollowers(10_001)
    const first = await get('cgi-bin/user/get')
    expect(first).toMatchObject({ total: 10_001, count: 10_000, next_openid: 'oTest9999' })
    expect((first.data as { openid: string[] }).openid).toEqual(openIds.slice(0, 10_000))
    expect(await get('cgi-bin/user/get?next_openid=oTest9999')).toEqual({
      total: 10_001,
      count: 1,
      data: { openid: ['oTest10000'] },
      next_openid: 'oTest10000',
    })
    expect(await get('cgi-bin/user/get?next_openid=oTest10000')).toEqual({
      total: 10_001,
      count: 0,
      next_openid: '',
    })
  })

  it('omits followers who have left and rejects an unknown openid', async () => {
    const { get, sim } = await withFollowers(2)
    await sim.unfollow('oTest0')
    expect(await get('cgi-bin/user/get?next_openid=')).toMatchObject({
      total: 1,
      data: { openid: ['oTest1'] },
    })
    expect(await get('cgi-bin/user/get?next_openid=oUnknown')).toMatchObject({ errcode: 40003 })
  })
})

describe('user/info/batchget', () => {
  it('answers in the order of the request, up to 100 followers', async () => {
    const { post, openIds } = await withFollowers(101)
    const request = (ids: string[]) =>
      post('cgi-bin/user/info/batchget', { user_list: ids.map((openid) => ({ openid, lang: 'zh_CN' })) })
    const answer = await request(['oTest2', 'oTest0'])
    expect(answer.user_info_list).toMatchObject([
      { openid: 'oTest2', subscribe: 1 },
      { openid: 'oTest0', subscribe: 1 },
    ])
    expect(await request(openIds)).toMatchObject({ errcode: 40032 })
    expect(await request([])).toMatchObject({ errcode: 40032 })
    expect(await request(['oTest0', 'oUnknown'])).toMatchObject({ errcode: 40003 })
    expect(await post('cgi-bin/user/info/batchget', { user_list: 'oTest0' })).toMatchObject({
      errcode: 47001,
    })
  })
})

describe('user/info/updateremark', () => {
  it('is visible in user/info', async () => {
    const { get, post } = await withFollowers(1)
    const remark = (openid: string, text: unknown) =>
      post('cgi-bin/user/info/updateremark', { openid, remark: text })
    expect(await remark('oTest0', '老客户')).toEqual({ errcode: 0, errmsg: 'ok' })
    expect(await get('cgi-bin/user/info?openid=oTest0')).toMatchObject({ remark: '老客户' })
    expect(await remark('oTest0', '字'.repeat(10))).toMatchObject({ errcode: 40035 })
    expect(await remark('oUnknown', 'a')).toMatchObject({ errcode: 40003 })
    expect(await remark('oTest0', 1)).toMatchObject({ errcode: 47001 })
  })
})

describe('user/tag/get', () => {
  it('lists the followers with a tag', async () => {
    const { post, sim } = await withFollowers(3)
    sim.setTags('oTest1', ['新粉'])
    expect(await post('cgi-bin/user/tag/get', { tagid: 100, next_openid: '' })).toEqual({
      count: 1,
      data: { openid: ['oTest1'] },
      next_openid: 'oTest1',
    })
    expect(await post('cgi-bin/user/tag/get', { tagid: 100, next_openid: 'oTest1' })).toEqual({
      count: 0,
      next_openid: '',
    })
    expect(await post('cgi-bin/user/tag/get', { tagid: 7 })).toMatchObject({ errcode: 45159 })
  })
})

describe('the blacklist', () => {
  it('is filled, listed and emptied', async () => {
    const { post } = await withFollowers(3)
    const change = (name: string, openid_list: unknown) =>
      post(`cgi-bin/tags/members/${name}`, { openid_list })
    expect(await change('batchblacklist', ['oTest0', 'oTest2', 'oTest0'])).toMatchObject({ errcode: 0 })
    const list = (begin_openid?: string) => post('cgi-bin/tags/members/getblacklist', { begin_openid })
    expect(await list()).toEqual({
      total: 2,
      count: 2,
      data: { openid: ['oTest0', 'oTest2'] },
      next_openid: 'oTest2',
    })
    expect(await list('oTest2')).toEqual({ total: 2, count: 0, next_openid: '' })
    expect(await change('batchunblacklist', ['oTest0'])).toMatchObject({ errcode: 0 })
    expect(await list('')).toMatchObject({ total: 1, data: { openid: ['oTest2'] } })
    expect(await change('batchblacklist', ['oUnknown'])).toMatchObject({ errcode: 49003 })
    expect(await change('batchblacklist', Array(21).fill('oTest0'))).toMatchObject({ errcode: 40032 })
    expect(await change('batchblacklist', 'oTest0')).toMatchObject({ errcode: 47001 })
  })
})

describe('an account without certification', () => {
  it.each([
    ['GET', 'cgi-bin/user/get'],
    ['POST', 'cgi-bin/user/info/batchget'],
    ['POST', 'cgi-bin/user/tag/get'],
    ['POST', 'cgi-bin/tags/members/getblacklist'],
    ['POST', 'cgi-bin/menu/addconditional'],
    ['GET', 'cgi-bin/material/get_materialcount'],
  ] as const)('may not call %s %s', async (method, path) => {
    const { request } = await startSimulatorApi({ certified: false })
    const answer = await request(method, path, method === 'POST' ? {} : undefined)
    expect(await answer.json()).toMatchObject({ errcode: 48001 })
  })
})
