import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { createSimulator, type Fault } from '../index.ts'
import type { Profile } from '../state/grants.ts'
import type { AccountOptions } from '../state/model.ts'

const APP = 'wxtest0000000001'
const T0 = Date.parse('2026-11-23T08:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

// Callbacks are not under test here: every callback is answered at once.
beforeEach(() => {
  vi.stubGlobal('fetch', async () => new Response('success'))
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

interface Answer {
  status: number
  errcode?: number
  errmsg?: string
  access_token?: string
  [field: string]: unknown
}

/** A simulator with one account, two followers, a settable clock and a valid token. */
async function startApi(more: Partial<AccountOptions> = {}) {
  const clock = { now: T0 }
  const simulator = createSimulator({ now: () => clock.now })
  const add = (appId: string) =>
    simulator.addAccount({
      appId,
      appSecret: 'test-secret',
      token: 'test-token',
      mode: 'plain',
      callbackUrl: 'http://callback.invalid',
      ...more,
    })
  add(APP)
  // Both followed so long ago that no grant is left.
  for (const openId of ['oTest', 'oOther']) simulator.wechat.follower({ appId: APP, openId }).following = true

  async function read(answer: Response | Promise<Response>): Promise<Answer> {
    const response = await answer
    return { ...((await response.json()) as object), status: response.status }
  }
  const get = (path: string) => read(simulator.app.request(path))
  const post = (path: string, body: unknown) =>
    read(
      simulator.app.request(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    )
  const stableToken = (body: Record<string, unknown> = {}) =>
    post('/cgi-bin/stable_token', {
      grant_type: 'client_credential',
      appid: APP,
      secret: 'test-secret',
      ...body,
    })
  const tokenOf = async (appid: string) => (await stableToken({ appid })).access_token ?? ''
  const token = more.ipWhitelisted === false ? '' : await tokenOf(APP)
  const at = (path: string) => `${path}?access_token=${token}`
  const text = (touser: string, content = '你好') => ({ touser, msgtype: 'text', text: { content } })
  return {
    clock,
    simulator,
    wechat: simulator.account(APP),
    add,
    get,
    post,
    at,
    token,
    tokenOf,
    stableToken,
    text,
    request: (path: string, body: unknown, init: RequestInit = {}) =>
      simulator.app.request(path, { method: 'POST', body: JSON.stringify(body), ...init }),
    /** Sends a text and returns the errcode. */
    send: async (openId: string, content?: string) =>
      (await post(at('/cgi-bin/message/custom/send'), text(openId, content))).errcode,
  }
}
type TestApi = Awaited<ReturnType<typeof startApi>>

async function sends(times: number, sim: TestApi, openId = 'oTest') {
  const codes: unknown[] = []
  for (let i = 0; i < times; i++) codes.push(await sim.send(openId))
  return codes
}

describe('a token call', () => {
  it('returns the same stable token to every caller', async () => {
    const sim = await startApi()
    const again = await sim.stableToken()
    expect(again).toEqual({ status: 200, access_token: sim.token, expires_in: 7_200 })
    expect(sim.wechat.tokenRequests).toEqual({ normal: 2, force: 0, plain: 0 })
  })

  it('returns a new token only when force_refresh is true', async () => {
    const sim = await startApi()
    expect((await sim.stableToken({ force_refresh: 'true' })).access_token).toBe(sim.token)
    const forced = await sim.stableToken({ force_refresh: true })
    expect(forced.access_token).not.toBe(sim.token)
    expect(await sim.stableToken({ force_refresh: true })).toMatchObject({ errcode: 45011 })
    expect(await sim.send('oTest')).toBe(40001)
  })

  it.each([
    ['an unknown appId', { appid: 'wxunknown0000001' }, 40013],
    ['a wrong secret', { secret: 'other' }, 40125],
    ['no appId', { appid: '' }, 41002],
    ['no secret', { secret: '' }, 41004],
    ['no grant_type', { grant_type: '' }, 40002],
    ['another grant_type', { grant_type: 'authorization_code' }, 40002],
  ])('rejects %s', async (_, body, errcode) => {
    const sim = await startApi()
    expect(await sim.stableToken(body)).toMatchObject({ errcode, errmsg: expect.stringMatching(/rid: /) })
    const query = new URLSearchParams({
      grant_type: 'client_credential',
      appid: APP,
      secret: 'test-secret',
      ...body,
    })
    expect(await sim.get(`/cgi-bin/token?${query}`)).toMatchObject({ errcode })
  })

  it('rejects a caller outside the whitelist and names its IP address', async () => {
    const sim = await startApi({ ipWhitelisted: false })
    const refused = await sim.stableToken()
    expect(refused.errcode).toBe(40164)
    expect(refused.errmsg).toMatch(/invalid ip 127\.0\.0\.1.*not in whitelist/)
    expect(
      await sim.get(`/cgi-bin/token?grant_type=client_credential&appid=${APP}&secret=test-secret`),
    ).toMatchObject({ errcode: 40164 })
    sim.wechat.setTrust({ ipWhitelisted: true })
    expect(await sim.stableToken()).toHaveProperty('access_token')
  })

  it('of the old kind returns a token that is valid beside the stable one', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    const { access_token } = await sim.get(
      `/cgi-bin/token?grant_type=client_credential&appid=${APP}&secret=test-secret`,
    )
    const path = `/cgi-bin/message/custom/send?access_token=${access_token}`
    expect(access_token).not.toBe(sim.token)
    expect((await sim.post(path, sim.text('oTest'))).errcode).toBe(0)
    expect(await sim.send('oTest')).toBe(0)
  })
})

describe('a call with a token', () => {
  const path = '/cgi-bin/message/custom/send'

  it('is rejected without a token', async () => {
    const sim = await startApi()
    expect((await sim.post(path, sim.text('oTest'))).errcode).toBe(41001)
  })

  it('is rejected with a token that was never issued', async () => {
    const sim = await startApi()
    expect((await sim.post(`${path}?access_token=made-up`, sim.text('oTest'))).errcode).toBe(40001)
  })

  it('is rejected with an expired token', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    sim.clock.now += 2 * HOUR - 1
    expect(await sim.send('oTest')).toBe(0)
    sim.clock.now += 1
    expect(await sim.send('oTest')).toBe(42001)
  })

  it('is rejected with a token that WeChat has invalidated', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    sim.wechat.invalidateToken()
    expect(await sim.send('oTest')).toBe(40001)
    expect(sim.wechat.sends).toEqual([])
  })

  it('is rejected without a body and with a body that is not JSON', async () => {
    const sim = await startApi()
    expect((await sim.post(sim.at(path), '')).errcode).toBe(44002)
    expect((await sim.post(sim.at(path), '{"touser":')).errcode).toBe(47001)
  })

  it('is rejected for an account without certification', async () => {
    const sim = await startApi({ certified: false })
    await sim.wechat.type('oTest', '1')
    expect(await sim.send('oTest')).toBe(48001)
    sim.wechat.setTrust({ certified: true })
    expect(await sim.send('oTest')).toBe(0)
  })

  it('is accepted for the token’s own account only', async () => {
    const sim = await startApi()
    sim.add('wxother000000001')
    await sim.wechat.type('oTest', '1')
    const other = await sim.tokenOf('wxother000000001')
    expect((await sim.post(`${path}?access_token=${other}`, sim.text('oTest'))).errcode).toBe(40003)
    expect(await sim.send('oTest')).toBe(0)
  })
})

describe('the grant of an interaction', () => {
  type Does = (sim: TestApi) => Promise<unknown>
  const does: Record<string, Does> = {
    'a message': (sim) => sim.wechat.type('oTest', '1'),
    'a menu click': (sim) => sim.wechat.tapMenu('oTest', 'gift'),
    'a tap on a menu message': (sim) => sim.wechat.tapMessageMenu('oTest', '1', '要'),
    'a scan': (sim) => sim.wechat.scan('oTest', 'expo'),
    'a follow': (sim) => sim.wechat.follow('oTest'),
  }
  const grants: [string, Profile, number, number][] = [
    ['a message', 'wechat-2023', 5, 48 * HOUR],
    ['a menu click', 'wechat-2023', 3, MINUTE],
    ['a tap on a menu message', 'wechat-2023', 3, MINUTE],
    ['a scan', 'wechat-2023', 3, MINUTE],
    ['a follow', 'wechat-2023', 3, MINUTE],
    ['a message', 'classic-48h', 20, 48 * HOUR],
    ['a menu click', 'classic-48h', 20, 48 * HOUR],
    ['a tap on a menu message', 'classic-48h', 20, 48 * HOUR],
    ['a scan', 'classic-48h', 20, 48 * HOUR],
    ['a follow', 'classic-48h', 20, 48 * HOUR],
  ]

  it.each(grants)('%s under %s allows %i messages, then 45047', async (what, profile, quota) => {
    const sim = await startApi({ profile })
    await does[what]?.(sim)
    expect(await sends(quota, sim)).toEqual(Array(quota).fill(0))
    expect(await sends(2, sim)).toEqual([45047, 45047])
  })

  it.each(grants)(
    '%s under %s allows %i messages for %i ms, then 45015',
    async (what, profile, _, lifetimeMs) => {
      const sim = await startApi({ profile })
      await does[what]?.(sim)
      await sim.wechat.fastForward('oTest', lifetimeMs - 1)
      expect(await sim.send('oTest')).toBe(0)
      await sim.wechat.fastForward('oTest', 1)
      expect(await sim.send('oTest')).toBe(45015)
    },
  )

  it('starts at CreateTime, not at the arrival of the callback', async () => {
    const sim = await startApi()
    await sim.wechat.follow('oTest', { createTime: T0 / 1000 - 60 })
    expect(await sim.send('oTest')).toBe(45015)
    await sim.wechat.follow('oTest', { createTime: T0 / 1000 - 59 })
    expect(await sim.send('oTest')).toBe(0)
  })

  it('does not exist after an opened link or a joining agent', async () => {
    const sim = await startApi()
    await sim.wechat.raw('oTest', { MsgType: 'event', Event: 'VIEW', EventKey: 'https://example.com' })
    await sim.wechat.agentJoins('oTest')
    expect(await sim.send('oTest')).toBe(45015)
  })

  it('starts again with the next message and does not add up', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    await sends(2, sim)
    await sim.wechat.type('oTest', '2')
    expect(await sends(6, sim)).toEqual([0, 0, 0, 0, 0, 45047])
    await sim.wechat.type('oTest', '3')
    expect(await sim.send('oTest')).toBe(0)
  })

  it('is not replaced by an interaction with an earlier CreateTime', async () => {
    const sim = await startApi()
    await sim.wechat.tapMenu('oTest', 'gift')
    await sim.wechat.tapMenu('oTest', 'gift', { createTime: T0 / 1000 - 120 })
    expect(await sim.send('oTest')).toBe(0)
  })

  it('exists beside those of other scenes, and the one that expires first is used first', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    await sim.wechat.tapMenu('oTest', 'gift')
    expect(await sends(4, sim)).toEqual([0, 0, 0, 0])
    const used = sim.wechat.grants('oTest').map((g) => [g.scene, g.used])
    expect(used).toEqual([
      ['message', 1],
      ['menu', 3],
    ])
    expect(await sends(5, sim)).toEqual([0, 0, 0, 0, 45047])
  })

  it('ends with an unfollow, and a new follow does not restore it', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    await sim.wechat.unfollow('oTest')
    expect(await sim.send('oTest')).toBe(45015)
    await sim.wechat.follow('oTest')
    expect(await sends(4, sim)).toEqual([0, 0, 0, 45047])
  })
})

describe('a send', () => {
  it('to an unknown follower is rejected', async () => {
    const sim = await startApi()
    expect(await sim.send('oNobody')).toBe(40003)
    expect(sim.wechat.sends).toMatchObject([{ openId: 'oNobody', errcode: 40003, delivered: false }])
  })

  it('to somebody who wrote but does not follow is rejected', async () => {
    const sim = await startApi()
    await sim.wechat.type('oPasserBy', '1')
    expect(await sim.send('oPasserBy')).toBe(45015)
  })

  it('to a follower who has switched messages off is rejected', async () => {
    const sim = await startApi()
    await sim.wechat.follow('oTest')
    sim.wechat.refuse('oTest')
    expect(await sim.send('oTest')).toBe(48002)
    expect(sim.wechat.grants('oTest')[0]?.used).toBe(0)
  })

  it('is shown on the phone only when it was accepted', async () => {
    const sim = await startApi()
    await sim.wechat.follow('oTest')
    await sim.wechat.fastForward('oTest', 30_000)
    expect(await sim.send('oTest', '欢迎')).toBe(0)
    expect(await sim.send('oTest', '')).toBe(44004)
    const shown = sim.wechat.messages('oTest').filter((m) => m.from === 'account')
    expect(shown).toMatchObject([
      { at: T0 + 30_000, via: 'custom', kind: 'text', content: { content: '欢迎' } },
    ])
    expect(sim.wechat.sends).toMatchObject([
      { at: T0, virtualAt: T0 + 30_000, openId: 'oTest', errcode: 0, delivered: true },
      { at: T0, errcode: 44004, delivered: false },
    ])
  })

  it('that is rejected for its content uses no grant', async () => {
    const sim = await startApi()
    await sim.wechat.follow('oTest')
    expect([await sim.send('oTest', ''), await sim.send('oTest', 'x'.repeat(2_049))]).toEqual([44004, 45002])
    expect(sim.wechat.grants('oTest')[0]?.used).toBe(0)
  })
})

describe('the send limits of an account', () => {
  it('apply to a day that ends at midnight in Beijing', async () => {
    const sim = await startApi()
    sim.clock.now = Date.parse('2026-11-23T15:59:59Z')
    const token = (await sim.stableToken({ force_refresh: true })).access_token
    const send = async () =>
      (await sim.post(`/cgi-bin/message/custom/send?access_token=${token}`, sim.text('oTest'))).errcode
    await sim.wechat.type('oTest', '1')
    sim.wechat.setQuota({ daily: 2 })
    expect([await send(), await send(), await send()]).toEqual([0, 0, 45009])
    expect(sim.wechat.grants('oTest')[0]?.used).toBe(2)
    sim.clock.now = Date.parse('2026-11-23T16:00:00Z')
    const quota = await sim.post(`/cgi-bin/openapi/quota/get?access_token=${token}`, {
      cgi_path: '/cgi-bin/message/custom/send',
    })
    expect(quota).toMatchObject({ quota: { used: 0, remain: 2 } })
    expect([await send(), await send(), await send()]).toEqual([0, 0, 45009])
  })

  it('apply to a minute and start again in the next', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    sim.wechat.setQuota({ minute: 2 })
    expect(await sends(3, sim)).toEqual([0, 0, 45011])
    sim.clock.now = T0 + MINUTE - 1
    expect(await sends(1, sim)).toEqual([45011])
    sim.clock.now = T0 + MINUTE
    expect(await sends(1, sim)).toEqual([0])
    expect(sim.wechat.grants('oTest')[0]?.used).toBe(3)
  })

  it('can be queried, and the day’s use can be cleared', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    sim.wechat.setQuota({ daily: 2, minute: 100 })
    await sends(2, sim)
    const quota = () =>
      sim.post(sim.at('/cgi-bin/openapi/quota/get'), { cgi_path: '/cgi-bin/message/custom/send' })
    expect(await quota()).toMatchObject({
      errcode: 0,
      quota: { daily_limit: 2, used: 2, remain: 0 },
      rate_limit: { call_count: 100, refresh_second: 60 },
    })
    expect((await sim.post(sim.at('/cgi-bin/clear_quota'), { appid: APP })).errcode).toBe(0)
    expect(await quota()).toMatchObject({ quota: { used: 0, remain: 2 } })
    expect(await sends(1, sim)).toEqual([0])
  })
})

describe('the typing status', () => {
  const typing = async (sim: TestApi, command = 'Typing', touser = 'oTest') =>
    (await sim.post(sim.at('/cgi-bin/message/custom/typing'), { touser, command })).errcode

  it('is shown for 15 s and cannot be repeated meanwhile', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    expect(await typing(sim)).toBe(0)
    sim.clock.now += 14_999
    expect(await typing(sim)).toBe(45081)
    sim.clock.now += 1
    expect(await typing(sim)).toBe(0)
  })

  it('ends with a message or with CancelTyping', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    expect([await typing(sim), await sim.send('oTest'), await typing(sim)]).toEqual([0, 0, 0])
    expect([await typing(sim, 'CancelTyping'), await typing(sim)]).toEqual([0, 0])
  })

  it('is rejected 30 s after the last message of either side, for unknown followers and for unknown commands', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    sim.clock.now += 30_001
    expect(await typing(sim)).toBe(45080)
    expect(await typing(sim, 'Dance')).toBe(45072)
    expect(await typing(sim, 'Typing', 'oNobody')).toBe(40003)
    await sim.send('oTest')
    sim.clock.now += 30_000
    expect(await typing(sim)).toBe(0)
  })

  it('is rejected where no message could be sent', async () => {
    const sim = await startApi()
    expect(await typing(sim)).toBe(45015)
    await sim.wechat.follow('oTest')
    expect(await typing(sim)).toBe(0)
    await sim.wechat.unfollow('oTest')
    expect(await typing(sim)).toBe(45015)
  })
})

describe('user/info', () => {
  const info = (sim: TestApi, openId: string) =>
    sim.get(`${sim.at('/cgi-bin/user/info')}&openid=${openId}&lang=zh_CN`)

  it('has few fields and no name', async () => {
    const sim = await startApi()
    await sim.wechat.follow('oTest')
    const fields = await info(sim, 'oTest')
    expect(fields).toMatchObject({ subscribe: 1, openid: 'oTest', language: 'zh_CN' })
    for (const field of ['nickname', 'sex', 'city', 'headimgurl']) expect(fields).not.toHaveProperty(field)
  })

  it('has only the openid after an unfollow, and rejects an unknown openid', async () => {
    const sim = await startApi()
    await sim.wechat.follow('oTest')
    await sim.wechat.unfollow('oTest')
    expect(await info(sim, 'oTest')).toEqual({ status: 200, subscribe: 0, openid: 'oTest' })
    expect(await info(sim, 'oNobody')).toMatchObject({ errcode: 40003 })
  })
})

describe('an uploaded medium', () => {
  function jpegOf(bytes: number): Uint8Array<ArrayBuffer> {
    const content = new Uint8Array(bytes)
    content.set([0xff, 0xd8, 0xff, 0xe0])
    return content
  }
  async function upload(sim: TestApi, type: string, bytes = 10) {
    const form = new FormData()
    form.set('media', new File([jpegOf(bytes)], 'test.jpg'))
    const url = `${sim.at('/cgi-bin/media/upload')}&type=${type}`
    const answer = await sim.simulator.app.request(url, { method: 'POST', body: form })
    return (await answer.json()) as { media_id?: string; errcode?: number }
  }
  const sendImage = async (sim: TestApi, media_id = '') =>
    (
      await sim.post(sim.at('/cgi-bin/message/custom/send'), {
        touser: 'oTest',
        msgtype: 'image',
        image: { media_id },
      })
    ).errcode

  it('can be sent until it is three days old', async () => {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    const { media_id, ...rest } = await upload(sim, 'image')
    expect(rest).toEqual({ type: 'image', created_at: T0 / 1000 })
    expect(await sendImage(sim, media_id)).toBe(0)
    sim.wechat.expireMedia()
    expect(await sendImage(sim, media_id)).toBe(40007)
  })

  it('of the type thumb has its id in another field', async () => {
    const sim = await startApi()
    const thumb = { type: 'thumb', thumb_media_id: expect.stringMatching(/^test_/), created_at: T0 / 1000 }
    expect(await upload(sim, 'thumb')).toEqual(thumb)
  })

  it('belongs to one account', async () => {
    const sim = await startApi()
    sim.add('wxother000000001')
    const other = await sim.tokenOf('wxother000000001')
    const form = new FormData()
    form.set('media', new File([jpegOf(10)], 'test.jpg'))
    const url = `/cgi-bin/media/upload?access_token=${other}&type=image`
    const answer = await sim.simulator.app.request(url, { method: 'POST', body: form })
    const { media_id } = (await answer.json()) as { media_id: string }
    await sim.wechat.type('oTest', '1')
    expect(await sendImage(sim, media_id)).toBe(40007)
  })

  it('is rejected when it is too large, of an unknown type or missing', async () => {
    const sim = await startApi()
    expect((await upload(sim, 'thumb', 65_537)).errcode).toBe(45001)
    expect((await upload(sim, 'hologram')).errcode).toBe(40004)
    const url = `${sim.at('/cgi-bin/media/upload')}&type=image`
    const empty = await sim.simulator.app.request(url, { method: 'POST', body: new FormData() })
    expect(await empty.json()).toMatchObject({ errcode: 41005 })
  })
})

describe('a fault', () => {
  const path = '/cgi-bin/message/custom/send'

  async function faulty(fault: Fault) {
    const sim = await startApi()
    await sim.wechat.type('oTest', '1')
    sim.simulator.fault(fault)
    return sim
  }

  it.each([-1, 40001, 40003, 43004, 45015, 45047, 45087, 48004, 50005])(
    'answers %i to the next calls, and later calls succeed',
    async (errcode) => {
      const sim = await faulty({ api: 'custom/send', errcode, times: 2 })
      expect(await sends(3, sim)).toEqual([errcode, errcode, 0])
      expect(sim.wechat.sends.map((s) => [s.errcode, s.delivered])).toEqual([
        [errcode, false],
        [errcode, false],
        [0, true],
      ])
      expect(sim.wechat.grants('oTest')[0]?.used).toBe(1)
    },
  )

  it('applies to one follower or one account only', async () => {
    const sim = await faulty({ openId: 'oOther', errcode: 45015 })
    await sim.wechat.type('oOther', '1')
    expect([await sim.send('oTest'), await sim.send('oOther'), await sim.send('oOther')]).toEqual([
      0, 45015, 0,
    ])
    sim.add('wxother000000001')
    sim.simulator.fault({ api: 'stable_token', appId: 'wxother000000001', errcode: -1 })
    expect(await sim.stableToken()).toHaveProperty('access_token')
    expect(await sim.stableToken({ appid: 'wxother000000001' })).toMatchObject({ errcode: -1 })
    expect(await sim.stableToken({ appid: 'wxother000000001' })).toHaveProperty('access_token')
  })

  it('answers with a status and without JSON, and nothing is sent', async () => {
    const sim = await faulty({ status: 503 })
    const answer = await sim.request(sim.at(path), sim.text('oTest'))
    expect(answer.status).toBe(503)
    expect(await answer.text()).toBe('upstream error')
    expect(sim.wechat.sends).toMatchObject([{ errcode: null, delivered: false, unclear: true }])
  })

  it('delays the answer', async () => {
    vi.useFakeTimers()
    const sim = await faulty({ latencyMs: 3_000 })
    const answered: unknown[] = []
    const sending = sim.send('oTest').then((code) => answered.push(code))
    await vi.advanceTimersByTimeAsync(2_999)
    expect([answered, sim.wechat.sends]).toEqual([[], []])
    await vi.advanceTimersByTimeAsync(1)
    await sending
    expect(answered).toEqual([0])
  })

  it.each([
    ['after it has accepted the message', 'after', 1],
    ['before it does anything', 'before', 0],
  ] as const)('hangs %s, until the caller closes the connection', async (_, hang, delivered) => {
    const sim = await faulty({ openId: 'oTest', hang })
    const caller = new AbortController()
    const answered: number[] = []
    const hanging = Promise.resolve(
      sim.request(sim.at(path), sim.text('oTest'), { signal: caller.signal }),
    ).then((answer) => answered.push(answer.status))
    await vi.waitFor(() => expect(sim.simulator.wechat.faults.list()).toEqual([]), {
      timeout: UNIT_TIMEOUT_MS / 2,
    })
    // Another call is answered meanwhile.
    await sim.wechat.type('oOther', '1')
    expect(await sim.send('oOther')).toBe(0)
    expect(answered).toEqual([])
    expect(sim.wechat.grants('oTest')[0]?.used).toBe(delivered)
    caller.abort()
    await hanging
    expect(answered).toEqual([504])
  })

  it.each([
    ['after it has accepted the message', 'after', 1],
    ['before it does anything', 'before', 0],
  ] as const)('breaks the connection %s', async (_, reset, delivered) => {
    const sim = await faulty({ reset })
    vi.unstubAllGlobals()
    const { url } = await sim.simulator.listen(0)
    const body = JSON.stringify(sim.text('oTest'))
    const answer = fetch(`${url}${sim.at(path)}`, { method: 'POST', body }).then((r) => r.json())
    await expect(answer).rejects.toThrow()
    expect(sim.wechat.grants('oTest')[0]?.used).toBe(delivered)
    await sim.simulator.close()
  })

  it('can be cleared', async () => {
    const sim = await faulty({ errcode: -1, times: 100 })
    sim.simulator.clearFaults()
    expect(await sim.send('oTest')).toBe(0)
  })
})

describe('a QR code with a scene', () => {
  const strCode = (scene_str: unknown, more: object = {}) => ({
    action_name: 'QR_LIMIT_STR_SCENE',
    action_info: { scene: { scene_str } },
    ...more,
  })
  async function scan(sim: TestApi) {
    const state = await sim.get(`/_sim/${APP}/oTest/state`)
    return (state.account as { qrScenes: string[] }).qrScenes
  }

  it('is created once for each scene and can be scanned from then on', async () => {
    const sim = await startApi({ qrScenes: ['entrance'] })
    const path = sim.at('/cgi-bin/qrcode/create')
    const made = await sim.post(path, strCode('expo'))
    expect(made).toMatchObject({ status: 200, ticket: expect.any(String), url: expect.any(String) })
    expect(made).not.toHaveProperty('expire_seconds')
    await sim.post(path, strCode('expo'))
    await sim.post(path, { action_name: 'QR_LIMIT_SCENE', action_info: { scene: { scene_id: 7 } } })
    expect(await scan(sim)).toEqual(['entrance', 'expo', '7'])
  })

  it('can be scanned until it expires, after thirty days at most', async () => {
    const sim = await startApi()
    const expiring = strCode('short', { action_name: 'QR_STR_SCENE', expire_seconds: 9_999_999 })
    const made = await sim.post(sim.at('/cgi-bin/qrcode/create'), expiring)
    expect(made.expire_seconds).toBe(2_592_000)
    sim.clock.now += 2_592_000_000 - 1
    expect(await scan(sim)).toEqual(['short'])
    sim.clock.now += 1
    expect(await scan(sim)).toEqual([])
  })

  it.each([
    ['of an unknown kind', strCode('a', { action_name: 'QR' }), 40052],
    ['without a scene', { action_name: 'QR_STR_SCENE' }, 40053],
    ['with a scene of more than 64 characters', strCode('x'.repeat(65)), 40053],
    ['with a number above 100000', { ...strCode(0), action_name: 'QR_LIMIT_SCENE' }, 40053],
  ])('%s is rejected', async (_, body, errcode) => {
    const sim = await startApi()
    expect(await sim.post(sim.at('/cgi-bin/qrcode/create'), body)).toMatchObject({ errcode })
    expect(await scan(sim)).toEqual([])
  })
})

describe('a custom menu', () => {
  const click = { type: 'click', name: '资料', key: 'guide' }
  const console = [{ key: 'old', label: '旧' }]
  const get = (sim: TestApi, path: string) => sim.get(sim.at(`/cgi-bin/${path}`))
  const create = (sim: TestApi, button: unknown) => sim.post(sim.at('/cgi-bin/menu/create'), { button })
  async function shown(sim: TestApi) {
    const state = await sim.get(`/_sim/${APP}/oTest/state`)
    return (state.account as { menu: unknown }).menu
  }

  it('made in WeChat’s console is visible in get_current_selfmenu_info only', async () => {
    const sim = await startApi({ menu: console })
    expect(await get(sim, 'menu/get')).toMatchObject({ errcode: 46003 })
    const button = [{ type: 'click', name: '旧', key: 'old' }]
    expect(await get(sim, 'get_current_selfmenu_info')).toMatchObject({
      is_menu_open: 1,
      selfmenu_info: { button },
    })
    expect(await shown(sim)).toEqual(button)
  })

  it('made by the API replaces the console’s menu until it is deleted', async () => {
    const sim = await startApi({ menu: console })
    const button = [click, { name: '更多', sub_button: [click] }]
    expect(await create(sim, button)).toMatchObject({ errcode: 0 })
    expect(await shown(sim)).toEqual(button)
    const full = { ...click, sub_button: [] }
    expect(await get(sim, 'menu/get')).toMatchObject({
      menu: { button: [full, { name: '更多', sub_button: [full] }] },
    })
    const info = await get(sim, 'get_current_selfmenu_info')
    expect(info.selfmenu_info).toEqual({ button: [click, { name: '更多', sub_button: { list: [click] } }] })
    expect(await get(sim, 'menu/delete')).toMatchObject({ errcode: 0 })
    expect(await get(sim, 'menu/get')).toMatchObject({ errcode: 46003 })
    expect(await shown(sim)).toEqual([])
  })

  it.each<[string, unknown, number]>([
    ['no buttons', [], 40016],
    ['four buttons', Array(4).fill(click), 40016],
    ['a long name', [{ ...click, name: '一二三四五六' }], 40018],
    ['an unknown type', [{ ...click, type: 'tap' }], 40017],
    ['a long key', [{ ...click, key: 'k'.repeat(129) }], 40019],
    ['no link', [{ type: 'view', name: 'a' }], 40020],
    ['six sub-buttons', [{ name: 'a', sub_button: Array(6).fill(click) }], 40023],
    ['a long sub-button name', [{ name: 'a', sub_button: [{ ...click, name: '字'.repeat(21) }] }], 40025],
  ])('with %s is rejected', async (_, button, errcode) => {
    const sim = await startApi()
    expect(await create(sim, button)).toMatchObject({ errcode })
    expect(await get(sim, 'menu/get')).toMatchObject({ errcode: 46003 })
  })
})
