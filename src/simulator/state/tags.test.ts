import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSimulator } from '../index.ts'

const APP = 'wxtest0000000001'
type Answer = Record<string, unknown>

beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response('success'))
})
afterEach(() => {
  vi.unstubAllGlobals()
})

/** A simulator with one account and one follower, and its tag calls. */
async function startApi() {
  const simulator = createSimulator()
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: 'http://callback.invalid',
  })
  const read = async (answer: Response | Promise<Response>) => (await (await answer).json()) as Answer
  const post = (path: string, body: unknown) =>
    read(simulator.app.request(path, { method: 'POST', body: JSON.stringify(body) }))
  const body = { grant_type: 'client_credential', appid: APP, secret: 'test-secret' }
  const { access_token } = await post('/cgi-bin/stable_token', body)
  const at = (path: string) => `/cgi-bin/${path}?access_token=${access_token}`
  const wechat = simulator.account(APP)
  await wechat.follow('oTest')
  return {
    simulator,
    wechat,
    call: (path: string, more: unknown) => post(at(path), more),
    list: async () => (await read(simulator.app.request(at('tags/get')))).tags,
    info: (openId: string) => read(simulator.app.request(`${at('user/info')}&openid=${openId}`)),
    create: (name: unknown) => post(at('tags/create'), { tag: { name } }),
    members: (how: 'tagging' | 'untagging', tagid: unknown, openid_list: unknown) =>
      post(at(`tags/members/batch${how}`), { tagid, openid_list }),
  }
}

describe('the tags of an account', () => {
  it('are created, listed with their followers, renamed and deleted', async () => {
    const sim = await startApi()
    expect(await sim.create('新粉')).toEqual({ tag: { id: 100, name: '新粉' } })
    expect(await sim.create('老客户')).toEqual({ tag: { id: 101, name: '老客户' } })
    await sim.members('tagging', 100, ['oTest'])
    expect(await sim.list()).toEqual([
      { id: 2, name: '星标组', count: 0 },
      { id: 100, name: '新粉', count: 1 },
      { id: 101, name: '老客户', count: 0 },
    ])
    expect(await sim.call('tags/update', { tag: { id: 100, name: '看过' } })).toMatchObject({ errcode: 0 })
    expect(sim.wechat.tags('oTest')).toEqual(['看过'])
    expect(await sim.call('tags/delete', { tag: { id: 100 } })).toMatchObject({ errcode: 0 })
    expect(sim.wechat.tags('oTest')).toEqual([])
    expect(await sim.call('tags/delete', { tag: { id: 100 } })).toMatchObject({ errcode: 45159 })
    expect(await sim.call('tags/update', { tag: { id: 2, name: 'x' } })).toMatchObject({ errcode: 45058 })
  })

  it('have unique names of at most 30 characters', async () => {
    const sim = await startApi()
    await sim.create('a')
    expect(await sim.create('a')).toMatchObject({ errcode: 45157 })
    expect(await sim.create('')).toMatchObject({ errcode: 45157 })
    expect(await sim.create('长'.repeat(31))).toMatchObject({ errcode: 45158 })
    expect(await sim.create('长'.repeat(30))).toHaveProperty('tag')
    expect(await sim.call('tags/update', { tag: { id: 101, name: 'a' } })).toMatchObject({ errcode: 45157 })
  })

  it('are a hundred at most', async () => {
    const sim = await startApi()
    for (let i = 0; i < 100; i++) expect(await sim.create(`t${i}`)).toHaveProperty('tag')
    expect(await sim.create('one more')).toMatchObject({ errcode: 45056 })
  })
})

describe('the tags of a follower', () => {
  it('are added and removed, repeatedly too', async () => {
    const sim = await startApi()
    await sim.create('a')
    for (let i = 0; i < 2; i++)
      expect(await sim.members('tagging', 100, ['oTest'])).toMatchObject({ errcode: 0 })
    expect(await sim.call('tags/getidlist', { openid: 'oTest' })).toEqual({ tagid_list: [100] })
    for (let i = 0; i < 2; i++)
      expect(await sim.members('untagging', 100, ['oTest'])).toMatchObject({ errcode: 0 })
    expect(await sim.call('tags/getidlist', { openid: 'oTest' })).toEqual({ tagid_list: [] })
  })

  it('are twenty at most', async () => {
    const sim = await startApi()
    sim.wechat.setTags(
      'oTest',
      Array.from({ length: 20 }, (_, i) => `t${i}`),
    )
    await sim.create('one more')
    expect(await sim.members('tagging', 120, ['oTest'])).toMatchObject({ errcode: 45059 })
    expect(await sim.members('tagging', 119, ['oTest'])).toMatchObject({ errcode: 0 })
    expect(sim.wechat.tags('oTest')).toHaveLength(20)
  })

  it('are added to at most 50 followers at once, to all or to none', async () => {
    const sim = await startApi()
    await sim.create('a')
    const many = Array.from({ length: 51 }, () => 'oTest')
    expect(await sim.members('tagging', 100, many)).toMatchObject({ errcode: 40032 })
    expect(await sim.members('tagging', 100, [])).toMatchObject({ errcode: 40035 })
    expect(await sim.members('tagging', 999, ['oTest'])).toMatchObject({ errcode: 45159 })
    expect(await sim.members('tagging', 100, ['oTest', 'oNobody'])).toMatchObject({ errcode: 40003 })
    expect(sim.wechat.tags('oTest')).toEqual([])
  })

  it('are listed in user/info with the scene of the follow', async () => {
    const sim = await startApi()
    sim.wechat.setTags('oTest', ['a'])
    expect(await sim.info('oTest')).toMatchObject({
      subscribe: 1,
      subscribe_scene: 'ADD_SCENE_SEARCH',
      qr_scene_str: '',
      tagid_list: [100],
    })
    await sim.wechat.follow('oByCode', { qrScene: 'expo' })
    expect(await sim.info('oByCode')).toMatchObject({
      subscribe_scene: 'ADD_SCENE_QR_CODE',
      qr_scene_str: 'expo',
      tagid_list: [],
    })
    await sim.wechat.unfollow('oByCode')
    expect(await sim.info('oByCode')).toEqual({ subscribe: 0, openid: 'oByCode' })
    await sim.wechat.follow('oByCode')
    expect(await sim.info('oByCode')).toMatchObject({ subscribe_scene: 'ADD_SCENE_SEARCH', qr_scene_str: '' })
  })
})

describe('user/info', () => {
  /** An account with three QR codes, made by the API. */
  async function withCodes() {
    const sim = await startApi()
    const code = (body: Answer) => sim.call('qrcode/create', body)
    const number = await code({ action_name: 'QR_SCENE', action_info: { scene: { scene_id: 98765 } } })
    const text = await code({ action_name: 'QR_STR_SCENE', action_info: { scene: { scene_str: 'expo' } } })
    const digits = await code({
      action_name: 'QR_LIMIT_STR_SCENE',
      action_info: { scene: { scene_str: '123' } },
    })
    return { ...sim, number, text, digits }
  }

  it('has the fields of WeChat’s example, in its order', async () => {
    const sim = await startApi()
    await sim.wechat.follow('oTest', { createTime: 1_382_694_957 })
    const info = await sim.info('oTest')
    expect(Object.keys(info)).toEqual([
      'subscribe',
      'openid',
      'language',
      'subscribe_time',
      'remark',
      'groupid',
      'tagid_list',
      'subscribe_scene',
      'qr_scene',
      'qr_scene_str',
    ])
    expect(info).toMatchObject({
      subscribe_time: 1_382_694_957,
      remark: '',
      groupid: 0,
      qr_scene: 0,
      qr_scene_str: '',
    })
  })

  it.each([
    ['a scene_id', '98765', { qr_scene: 98_765, qr_scene_str: '' }],
    ['a scene_str', 'expo', { qr_scene: 0, qr_scene_str: 'expo' }],
    ['a scene_str of digits', '123', { qr_scene: 0, qr_scene_str: '123' }],
  ])('reports a QR code with %s by its kind', async (_, qrScene, expected) => {
    const sim = await withCodes()
    for (const openId of ['oFollows', 'oScans']) {
      if (openId === 'oFollows') await sim.wechat.follow(openId, { qrScene })
      else await sim.wechat.scan(openId, qrScene)
      expect(await sim.info(openId)).toMatchObject({ subscribe_scene: 'ADD_SCENE_QR_CODE', ...expected })
    }
  })

  it('reports the last follow, whatever was scanned afterwards', async () => {
    const sim = await withCodes()
    await sim.wechat.follow('oNew', { qrScene: '98765', createTime: 1_000 })
    await sim.wechat.scan('oNew', 'expo')
    expect(await sim.info('oNew')).toMatchObject({ qr_scene: 98_765, subscribe_time: 1_000 })
    await sim.wechat.unfollow('oNew')
    expect(await sim.info('oNew')).toEqual({ subscribe: 0, openid: 'oNew' })
    await sim.wechat.follow('oNew', { createTime: 2_000 })
    expect(await sim.info('oNew')).toMatchObject({
      subscribe_scene: 'ADD_SCENE_SEARCH',
      subscribe_time: 2_000,
      qr_scene: 0,
    })
  })

  it('requires a known openid', async () => {
    const sim = await startApi()
    expect(await sim.info('')).toMatchObject({ errcode: 41009 })
    expect(await sim.info('oNobody')).toMatchObject({ errcode: 40003 })
  })

  it('knows QR codes by scene, and each scan’s callback carries the ticket of qrcode/create', async () => {
    const bodies: string[] = []
    vi.stubGlobal('fetch', async (_: string, init: { body: string }) => {
      bodies.push(init.body)
      return new Response('success')
    })
    const sim = await withCodes()
    bodies.length = 0
    await sim.wechat.scan('oNew', '98765')
    await sim.wechat.scan('oNew', 'expo')
    await sim.wechat.follow('oLater', { qrScene: '123' })
    const field = (body = '', name = '') => new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]>`).exec(body)?.[1]
    expect(bodies.map((b) => [field(b, 'Event'), field(b, 'EventKey'), field(b, 'Ticket')])).toEqual([
      ['subscribe', 'qrscene_98765', sim.number.ticket],
      ['SCAN', 'expo', sim.text.ticket],
      ['subscribe', 'qrscene_123', sim.digits.ticket],
    ])
    bodies.length = 0
    await sim.wechat.follow('oByName')
    expect(bodies[0]).not.toContain('Ticket')
  })

  it('keeps one ticket for a QR code of the account’s settings', async () => {
    const sim = await startApi()
    await sim.wechat.scan('oTest', 'entrance')
    await sim.wechat.scan('oTest', 'entrance')
    const { codes } = sim.simulator.wechat.account(APP)
    expect(codes.filter((c) => c.scene === 'entrance')).toHaveLength(1)
  })
})
