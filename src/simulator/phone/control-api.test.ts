import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseInbound } from '../../wechat/callback/events.ts'
import { parseBody } from '../../wechat/callback/xml-json.ts'
import { createSimulator, type SimulatorOptions } from '../index.ts'
import { FAULT_TEXT } from '../simulated-wechat.ts'

const APP = 'wxtest0000000001'
const T0 = Date.parse('2026-11-23T08:00:00Z')

afterEach(() => vi.unstubAllGlobals())

/** A simulator controlled over HTTP, and the callbacks that it pushed. */
function startSimulator(
  answer: () => Response = () => new Response('success'),
  options: SimulatorOptions = {},
) {
  const callbacks: string[] = []
  vi.stubGlobal('fetch', async (_: string, init: { body: string }) => {
    callbacks.push(init.body)
    return answer()
  })
  const simulator = createSimulator({ now: () => T0, ...options })
  simulator.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    name: '测试账号',
    originalId: 'gh_test',
    callbackUrl: 'http://callback.invalid',
    menu: [{ key: 'gift', label: '礼物' }],
    qrScenes: ['expo'],
  })
  async function call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answered = await simulator.app.request(path, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    })
    return { status: answered.status, ...((await answered.json()) as Record<string, unknown>) }
  }
  return {
    simulator,
    callbacks,
    call,
    inbound: () => callbacks.map((body) => parseInbound(parseBody(Buffer.from(body)).record)),
    act: (body: unknown, openId = 'oTest') => call('POST', `/_sim/${APP}/${openId}/act`, body),
    state: (openId = 'oTest') => call('GET', `/_sim/${APP}/${openId}/state`),
  }
}

describe('an action of a follower', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a follow', { do: 'follow' }, { kind: 'subscribe', qrScene: null }],
    ['a follow by a QR code', { do: 'follow', qrScene: 'expo' }, { kind: 'subscribe', qrScene: 'expo' }],
    ['an unfollow', { do: 'unfollow' }, { kind: 'unsubscribe' }],
    ['a scan that follows', { do: 'scan', qrScene: 'expo' }, { kind: 'subscribe', qrScene: 'expo' }],
    ['a tap on the menu', { do: 'menu', key: 'gift', label: '礼物' }, { kind: 'click', eventKey: 'gift' }],
    [
      'a tap on a menu link',
      { do: 'view', url: 'https://example.com/' },
      { kind: 'view', eventKey: 'https://example.com/' },
    ],
    [
      'a tap on a menu message',
      { do: 'msgmenu', id: '101', text: '要' },
      { kind: 'text', content: '要', bizmsgmenuid: '101' },
    ],
    ['a text', { do: 'type', text: '1' }, { kind: 'text', content: '1', bizmsgmenuid: null }],
    ['an image', { do: 'image' }, { kind: 'image' }],
    ['a voice message', { do: 'voice' }, { kind: 'voice' }],
    [
      'the start of an agent session',
      { do: 'agent-joins' },
      { kind: 'kf_create_session', kfAccount: 'test@agent' },
    ],
    ['the end of an agent session', { do: 'agent-leaves' }, { kind: 'kf_close_session' }],
  ])('pushes a callback: %s', async (_, action, expected) => {
    const phone = startSimulator()
    expect(await phone.act(action)).toMatchObject({ status: 200, ok: true, attempts: 1 })
    expect(phone.inbound()).toMatchObject([
      { ...expected, openId: 'oTest', toUserName: 'gh_test', createTime: T0 / 1000 },
    ])
    expect((await phone.state()).messages).toHaveLength(1)
  })

  it('gives every message an id of its own, for equal texts too', async () => {
    const phone = startSimulator()
    await phone.act({ do: 'type', text: '1' })
    await phone.act({ do: 'type', text: '1' })
    const ids = phone.inbound().map((i) => ('msgId' in i ? i.msgId : ''))
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(Number(id)).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  })

  it('can be pushed several times, with an earlier CreateTime', async () => {
    const phone = startSimulator()
    await phone.act({ do: 'follow', times: 3, createTime: 1_000_000 })
    expect(phone.callbacks).toHaveLength(3)
    expect(new Set(phone.callbacks).size).toBe(1)
    expect(phone.inbound()[0]?.createTime).toBe(1_000_000)
  })

  it('shows the passive reply', async () => {
    const reply =
      '<xml><ToUserName>oTest</ToUserName><FromUserName>gh_test</FromUserName><CreateTime>1</CreateTime>' +
      '<MsgType>text</MsgType><Content><![CDATA[欢迎]]></Content></xml>'
    const phone = startSimulator(() => new Response(reply))
    await phone.act({ do: 'follow' })
    expect((await phone.state()).messages).toMatchObject([
      { from: 'system' },
      { from: 'account', via: 'passive', kind: 'text', content: { Content: '欢迎' } },
    ])
  })

  it('scans a QR code as a follower', async () => {
    const phone = startSimulator()
    await phone.act({ do: 'follow' })
    await phone.act({ do: 'scan', qrScene: 'expo' })
    expect(phone.inbound()[1]).toMatchObject({ kind: 'scan', qrScene: 'expo' })
  })

  it.each([
    { do: 'type', text: '1' },
    { do: 'menu', key: 'gift' },
    { do: 'follow' },
    { do: 'scan', qrScene: 'expo' },
  ])('shows a fault when WeChat rejects the answer: $do', async (action) => {
    const phone = startSimulator(() => new Response('"success"'))
    expect(await phone.act(action)).toMatchObject({ ok: false, attempts: 1, refused: expect.any(String) })
    const { messages } = await phone.state()
    expect((messages as unknown[]).at(-1)).toMatchObject({ from: 'system', content: { text: FAULT_TEXT } })
  })

  it('shows no fault for an event without a reply', async () => {
    const phone = startSimulator(() => new Response('oops'))
    await phone.act({ do: 'view', url: 'https://example.com/' })
    expect((await phone.state()).messages).toHaveLength(1)
  })

  it('shows WeChat’s fault text after four failed deliveries of a message', async () => {
    const phone = startSimulator(() => new Response('', { status: 500 }))
    expect(await phone.act({ do: 'type', text: '1' })).toMatchObject({ ok: false, attempts: 4 })
    const { messages } = await phone.state()
    expect(messages).toMatchObject([
      { from: 'follower', content: { text: '1' } },
      { from: 'system', content: { text: '该公众号提供的服务出现故障，请稍后再试' } },
    ])
  })

  it('is lost for a minute after 40 failed deliveries', async () => {
    const clock = { now: T0 }
    const phone = startSimulator(() => new Response('', { status: 500 }), { now: () => clock.now })
    for (let i = 0; i < 10; i++) await phone.act({ do: 'follow' })
    expect(phone.callbacks).toHaveLength(40)
    expect(await phone.act({ do: 'follow' })).toMatchObject({ ok: false, attempts: 0 })
    expect((await phone.state()).lostCallbacks).toBe(1)
    clock.now += 60_000
    expect(await phone.act({ do: 'follow' })).toMatchObject({ attempts: 4 })
  })

  it.each<[string, unknown, RegExp]>([
    ['an empty object', {}, /do must be follow, unfollow/],
    ['an unknown action', { do: 'fly' }, /do must be/],
    ['a scan without a QR code', { do: 'scan' }, /scan needs qrScene/],
    ['a tap without a menu key', { do: 'menu' }, /menu needs key/],
    ['a text that is a number', { do: 'type', text: 1 }, /type needs text/],
    ['not JSON', 'follow', /JSON/],
  ])('is rejected when the body is %s', async (_, body, reason) => {
    const phone = startSimulator()
    expect(await phone.act(body)).toEqual({ status: 400, error: expect.stringMatching(reason) })
    expect(phone.callbacks).toEqual([])
  })

  it('is rejected for an unknown account', async () => {
    const phone = startSimulator()
    const answer = await phone.call('POST', '/_sim/wxunknown0000001/oTest/act', { do: 'follow' })
    expect(answer).toEqual({ status: 400, error: 'the simulator has no account wxunknown0000001' })
  })
})

describe('the state of a follower', () => {
  it('contains the account, the clock, the grants and the sent messages', async () => {
    const phone = startSimulator()
    await phone.act({ do: 'follow' })
    expect(await phone.state()).toMatchObject({
      account: { appId: APP, name: '测试账号', profile: 'wechat-2023', qrScenes: ['expo'] },
      openId: 'oTest',
      following: true,
      clock: T0,
      offsetMs: 0,
      grants: [{ scene: 'subscribe', grantedAt: T0, expiresAt: T0 + 60_000, quota: 3, used: 0 }],
      typing: false,
      sends: [],
      quota: { daily: 500_000, used: 0 },
      faults: [],
      lostCallbacks: 0,
    })
    await phone.act({ do: 'unfollow' })
    expect(await phone.state()).toMatchObject({ following: false, grants: [] })
  })

  it('contains no secret', async () => {
    const phone = startSimulator()
    const texts = JSON.stringify([await phone.state(), await phone.call('GET', '/_sim/accounts')])
    for (const secret of ['test-secret', 'test-token']) expect(texts).not.toContain(secret)
  })

  it('is listed for each account', async () => {
    const phone = startSimulator()
    await phone.act({ do: 'follow' })
    expect(await phone.call('GET', '/_sim/accounts')).toEqual({
      status: 200,
      items: [
        {
          appId: APP,
          name: '测试账号',
          profile: 'wechat-2023',
          mode: 'plain',
          served: { by: 'own-server' },
          server: { callbackUrl: 'http://callback.invalid', mode: 'plain', format: 'xml' },
          followers: [{ openId: 'oTest', following: true }],
        },
      ],
    })
  })

  it('is streamed at each change, to the watchers of this follower only', async () => {
    const phone = startSimulator()
    const answer = await phone.simulator.app.request(`/_sim/${APP}/oTest/events`)
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    expect(await next()).toMatch(/^event: changed\ndata: .*"following":false/s)
    await phone.act({ do: 'follow' }, 'oOther')
    await phone.act({ do: 'follow' })
    const event = await next()
    expect(event).toContain('"openId":"oTest","following":true')
    await reader.cancel()
  })
})

describe('several phones of a page', () => {
  it('share one stream, which has the state of each at once and after its changes', async () => {
    const phone = startSimulator()
    const answer = await phone.simulator.app.request(`/_sim/events?phone=${APP}/oOne&phone=${APP}/oTwo`)
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    expect(await next()).toContain('"openId":"oOne","following":false')
    expect(await next()).toContain('"openId":"oTwo","following":false')
    await phone.act({ do: 'follow' }, 'oOther')
    await phone.act({ do: 'follow' }, 'oTwo')
    expect(await next()).toContain('"openId":"oTwo","following":true')
    await reader.cancel()
  })

  it.each([
    ['none', '', /1 to 6 phones/],
    ['seven', `?${Array.from({ length: 7 }, (_, i) => `phone=${APP}/o${i}`).join('&')}`, /1 to 6 phones/],
    ['no follower', `?phone=${APP}`, /APPID\/OPENID/],
    ['an unknown account', '?phone=wxunknown/oOne', /no account wxunknown/],
  ])('are refused: %s', async (_, query, reason) => {
    const phone = startSimulator()
    const answer = await phone.call('GET', `/_sim/events${query}`)
    expect(answer).toEqual({ status: 400, error: expect.stringMatching(reason) })
  })

  it('stay in the address of the page, without those of accounts that are gone', async () => {
    const { simulator } = startSimulator()
    const path = `/phone/${APP}/oOne?with=${APP}/oTwo&with=${APP}/oOne&with=wxgone/oThree&with=nonsense`
    const html = await (await simulator.app.request(path)).text()
    const data = /data-phones="([^"]*)"/.exec(html)?.[1]?.replaceAll('&quot;', '"') ?? ''
    expect(JSON.parse(data).phones).toEqual([
      { appId: APP, openId: 'oOne' },
      { appId: APP, openId: 'oTwo' },
    ])
  })
})

describe('what happened to a follower', () => {
  it('has callbacks with their answers and sends with their codes', async () => {
    const answers = [new Response('success'), new Response('oops'), new Response('', { status: 500 })]
    const phone = startSimulator(() => answers.shift() ?? new Response('', { status: 500 }))
    await phone.act({ do: 'follow' })
    await phone.act({ do: 'type', text: '1' })
    await phone.act({ do: 'menu', key: 'gift' })
    const { happenings } = await phone.state()
    expect(happenings).toMatchObject([
      { kind: 'push', what: 'subscribe', answer: 'success', deliveries: 1, tookMs: expect.any(Number) },
      { kind: 'push', what: 'text', answer: 'refused', reason: expect.stringMatching(/neither XML/) },
      { kind: 'push', what: 'CLICK', answer: 'failed', status: 500, deliveries: 4 },
    ])
  })

  it('says when the run acts next', async () => {
    const nextAt = vi.fn(async () => T0 + 20_000)
    const phone = startSimulator(undefined, {
      testClock: { nextAt, advance: async () => {}, syncTo: async () => {} },
    })
    expect(await phone.call('GET', `/_sim/${APP}/oTest/next`)).toEqual({ status: 200, at: T0 + 20_000 })
    expect(await startSimulator().call('GET', `/_sim/${APP}/oTest/next`)).toEqual({ status: 200, at: null })
  })
})

describe('a moved clock', () => {
  const forward = (phone: ReturnType<typeof startSimulator>, body: unknown) =>
    phone.call('POST', `/_sim/${APP}/oTest/fast-forward`, body)

  it('moves for one follower only and dates that follower’s actions', async () => {
    const phone = startSimulator()
    expect(await forward(phone, { ms: 3_600_000 })).toEqual({ status: 200, moved: true })
    expect(await phone.state()).toMatchObject({ offsetMs: 3_600_000, clock: T0 + 3_600_000 })
    expect(await phone.state('oOther')).toMatchObject({ offsetMs: 0 })
    await phone.act({ do: 'follow' })
    expect(phone.inbound()[0]?.createTime).toBe(T0 / 1000 + 3_600)
  })

  it.each([[0], [-1], ['60000'], [7 * 86_400_000 + 1], [undefined]])('rejects %j', async (ms) => {
    const phone = startSimulator()
    expect(await forward(phone, { ms })).toMatchObject({ status: 400, error: expect.stringMatching(/ms/) })
    expect(await phone.state()).toMatchObject({ offsetMs: 0 })
  })

  it('does not move without a next step', async () => {
    const phone = startSimulator()
    expect(await forward(phone, { toNext: true })).toEqual({ status: 200, moved: false })
    expect(await phone.state()).toMatchObject({ offsetMs: 0 })
  })
})

describe('a fault by the control API', () => {
  it('is added, listed and cleared', async () => {
    const phone = startSimulator()
    const fault = { api: 'custom/send', errcode: 45015, times: 2 }
    expect(await phone.call('POST', '/_sim/faults', fault)).toEqual({ status: 200, items: [fault] })
    expect(await phone.call('GET', '/_sim/faults')).toEqual({ status: 200, items: [fault] })
    expect(phone.simulator.wechat.faults.list()).toEqual([fault])
    expect(await phone.call('DELETE', '/_sim/faults')).toEqual({ status: 200, items: [] })
    expect(phone.simulator.wechat.faults.list()).toEqual([])
  })

  it.each<[string, unknown, RegExp]>([
    ['a misspelled field', { api: 'custom/send', errCode: -1 }, /errCode/],
    ['a code that is a string', { errcode: '45015' }, /errcode/],
    [
      'filters without an effect',
      { api: 'custom/send', times: 2 },
      /errcode, status, latencyMs, hang, reset/,
    ],
    ['an empty object', {}, /errcode, status, latencyMs, hang, reset/],
    ['a status that HTTP does not have', { status: 99 }, /status/],
    ['no times', { errcode: -1, times: 0 }, /times/],
    ['an unknown moment', { hang: 'later' }, /hang/],
    ['two orders in one', { invalidateToken: APP, duplicateCallback: 1 }, /duplicateCallback/],
    ['the token of an unknown account', { invalidateToken: 'wxunknown' }, /wxunknown/],
    ['a list', [], /not a list/],
  ])('is rejected with the name of the invalid field: %s', async (_, fault, reason) => {
    const phone = startSimulator()
    const answer = await phone.call('POST', '/_sim/faults', fault)
    expect(answer).toMatchObject({ status: 400, error: expect.stringMatching(reason) })
    expect(phone.simulator.wechat.faults.list()).toEqual([])
  })

  it('can invalidate a token', async () => {
    const phone = startSimulator()
    const credentials = { grant_type: 'client_credential', appid: APP, secret: 'test-secret' }
    const requestToken = async () =>
      (await phone.call('POST', '/cgi-bin/stable_token', credentials)).access_token
    const before = await requestToken()
    expect(await requestToken()).toBe(before)
    expect(await phone.call('POST', '/_sim/faults', { invalidateToken: APP })).toMatchObject({ items: [] })
    expect(await phone.call('GET', `/cgi-bin/user/info?access_token=${before}`)).toMatchObject({
      errcode: 40001,
    })
    expect(await requestToken()).not.toBe(before)
  })

  it('can duplicate the next callbacks', async () => {
    const phone = startSimulator()
    await phone.call('POST', '/_sim/faults', { duplicateCallback: 2 })
    const counts = []
    for (let i = 0; i < 3; i++) {
      const before = phone.callbacks.length
      await phone.act({ do: 'type', text: String(i) })
      counts.push(phone.callbacks.length - before)
    }
    expect(counts).toEqual([2, 2, 1])
    expect(phone.callbacks[0]).toBe(phone.callbacks[1])
  })
})
