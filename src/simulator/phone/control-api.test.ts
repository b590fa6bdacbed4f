import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseInbound } from '../../wechat/callback/events.ts'
import { parseBody } from '../../wechat/callback/xml-json.ts'
import { createSimulator, type SimulatorOptions } from '../index.ts'
import { FAULT_TEXT } from '../simulated-wechat.ts'

const APP = 'wxtest0000000001'
const T0 = Date.parse('2026-11-23T08:00:00Z')

afterEach(() => vi.unstubAllGlobals())

/** A simulator driven over HTTP, and the callbacks that it sent. */
function driven(answer: () => Response = () => new Response('success'), options: SimulatorOptions = {}) {
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

describe('what a follower does on the phone', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['follows', { do: 'follow' }, { kind: 'subscribe', qrScene: null }],
    ['follows through a code', { do: 'follow', qrScene: 'expo' }, { kind: 'subscribe', qrScene: 'expo' }],
    ['unfollows', { do: 'unfollow' }, { kind: 'unsubscribe' }],
    [
      'scans a code and follows by it',
      { do: 'scan', qrScene: 'expo' },
      { kind: 'subscribe', qrScene: 'expo' },
    ],
    ['taps the menu', { do: 'menu', key: 'gift', label: '礼物' }, { kind: 'click', eventKey: 'gift' }],
    [
      'follows a link of the menu',
      { do: 'view', url: 'https://example.com/' },
      { kind: 'view', eventKey: 'https://example.com/' },
    ],
    [
      'taps a menu message',
      { do: 'msgmenu', id: '101', text: '要' },
      { kind: 'text', content: '要', bizmsgmenuid: '101' },
    ],
    ['writes', { do: 'type', text: '1' }, { kind: 'text', content: '1', bizmsgmenuid: null }],
    ['sends a picture', { do: 'image' }, { kind: 'image' }],
    ['speaks', { do: 'voice' }, { kind: 'voice' }],
    ['meets an agent', { do: 'agent-joins' }, { kind: 'kf_create_session', kfAccount: 'test@agent' }],
    ['leaves an agent', { do: 'agent-leaves' }, { kind: 'kf_close_session' }],
  ])('%s: the account hears of it', async (_, action, heard) => {
    const phone = driven()
    expect(await phone.act(action)).toMatchObject({ status: 200, ok: true, attempts: 1 })
    expect(phone.inbound()).toMatchObject([
      { ...heard, openId: 'oTest', toUserName: 'gh_test', createTime: T0 / 1000 },
    ])
    expect((await phone.state()).messages).toHaveLength(1)
  })

  it('makes each message another one, also the same words', async () => {
    const phone = driven()
    await phone.act({ do: 'type', text: '1' })
    await phone.act({ do: 'type', text: '1' })
    const ids = phone.inbound().map((i) => ('msgId' in i ? i.msgId : ''))
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(Number(id)).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
  })

  it('can be told several times, and dated back', async () => {
    const phone = driven()
    await phone.act({ do: 'follow', times: 3, createTime: 1_000_000 })
    expect(phone.callbacks).toHaveLength(3)
    expect(new Set(phone.callbacks).size).toBe(1)
    expect(phone.inbound()[0]?.createTime).toBe(1_000_000)
  })

  it('shows the passive reply that came back', async () => {
    const reply =
      '<xml><ToUserName>oTest</ToUserName><FromUserName>gh_test</FromUserName><CreateTime>1</CreateTime>' +
      '<MsgType>text</MsgType><Content><![CDATA[欢迎]]></Content></xml>'
    const phone = driven(() => new Response(reply))
    await phone.act({ do: 'follow' })
    expect((await phone.state()).messages).toMatchObject([
      { from: 'system' },
      { from: 'account', via: 'passive', kind: 'text', content: { Content: '欢迎' } },
    ])
  })

  it('scans a code as a follower: the account hears of it', async () => {
    const phone = driven()
    await phone.act({ do: 'follow' })
    await phone.act({ do: 'scan', qrScene: 'expo' })
    expect(phone.inbound()[1]).toMatchObject({ kind: 'scan', qrScene: 'expo' })
  })

  it.each([
    { do: 'type', text: '1' },
    { do: 'menu', key: 'gift' },
    { do: 'follow' },
    { do: 'scan', qrScene: 'expo' },
  ])('is told of a fault when the answer is none that WeChat takes: $do', async (action) => {
    const phone = driven(() => new Response('"success"'))
    expect(await phone.act(action)).toMatchObject({ ok: false, attempts: 1, refused: expect.any(String) })
    const { messages } = await phone.state()
    expect((messages as unknown[]).at(-1)).toMatchObject({ from: 'system', content: { text: FAULT_TEXT } })
  })

  it('is told of no fault where nobody waits for an answer', async () => {
    const phone = driven(() => new Response('oops'))
    await phone.act({ do: 'view', url: 'https://example.com/' })
    expect((await phone.state()).messages).toHaveLength(1)
  })

  it('is answered by WeChat’s own excuse after four failures of a message', async () => {
    const phone = driven(() => new Response('', { status: 500 }))
    expect(await phone.act({ do: 'type', text: '1' })).toMatchObject({ ok: false, attempts: 4 })
    const { messages } = await phone.state()
    expect(messages).toMatchObject([
      { from: 'follower', content: { text: '1' } },
      { from: 'system', content: { text: '该公众号提供的服务出现故障，请稍后再试' } },
    ])
  })

  it('is lost for a minute once the callback has failed 40 times', async () => {
    const clock = { now: T0 }
    const phone = driven(() => new Response('', { status: 500 }), { now: () => clock.now })
    for (let i = 0; i < 10; i++) await phone.act({ do: 'follow' })
    expect(phone.callbacks).toHaveLength(40)
    expect(await phone.act({ do: 'follow' })).toMatchObject({ ok: false, attempts: 0 })
    expect((await phone.state()).lostCallbacks).toBe(1)
    clock.now += 60_000
    expect(await phone.act({ do: 'follow' })).toMatchObject({ attempts: 4 })
  })

  it.each<[string, unknown, RegExp]>([
    ['nothing', {}, /do must be follow, unfollow/],
    ['something that nobody can do', { do: 'fly' }, /do must be/],
    ['a scan of no code', { do: 'scan' }, /scan needs qrScene/],
    ['a tap on no menu', { do: 'menu' }, /menu needs key/],
    ['a text without words', { do: 'type', text: 1 }, /type needs text/],
    ['no JSON', 'follow', /JSON/],
  ])('is refused when it is %s', async (_, body, reason) => {
    const phone = driven()
    expect(await phone.act(body)).toEqual({ status: 400, error: expect.stringMatching(reason) })
    expect(phone.callbacks).toEqual([])
  })

  it('is refused for an account that the simulator does not have', async () => {
    const phone = driven()
    const answer = await phone.call('POST', '/_sim/wxunknown0000001/oTest/act', { do: 'follow' })
    expect(answer).toEqual({ status: 400, error: 'the simulator has no account wxunknown0000001' })
  })
})

describe('the state of a follower', () => {
  it('is the account, the clock, the grants and what was sent', async () => {
    const phone = driven()
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

  it('never shows a secret', async () => {
    const phone = driven()
    const told = JSON.stringify([await phone.state(), await phone.call('GET', '/_sim/accounts')])
    for (const secret of ['test-secret', 'test-token']) expect(told).not.toContain(secret)
  })

  it('is listed for each account', async () => {
    const phone = driven()
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

  it('is told anew whenever it changes, and only to who watches that follower', async () => {
    const phone = driven()
    const answer = await phone.simulator.app.request(`/_sim/${APP}/oTest/events`)
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    expect(await next()).toMatch(/^event: changed\ndata: .*"following":false/s)
    await phone.act({ do: 'follow' }, 'oOther')
    await phone.act({ do: 'follow' })
    const told = await next()
    expect(told).toContain('"openId":"oTest","following":true')
    await reader.cancel()
  })
})

describe('a clock that is moved', () => {
  const forward = (phone: ReturnType<typeof driven>, body: unknown) =>
    phone.call('POST', `/_sim/${APP}/oTest/fast-forward`, body)

  it('moves for one follower only, and dates what that one does', async () => {
    const phone = driven()
    expect(await forward(phone, { ms: 3_600_000 })).toEqual({ status: 200, moved: true })
    expect(await phone.state()).toMatchObject({ offsetMs: 3_600_000, clock: T0 + 3_600_000 })
    expect(await phone.state('oOther')).toMatchObject({ offsetMs: 0 })
    await phone.act({ do: 'follow' })
    expect(phone.inbound()[0]?.createTime).toBe(T0 / 1000 + 3_600)
  })

  it.each([[0], [-1], ['60000'], [7 * 86_400_000 + 1], [undefined]])('is not moved by %j', async (ms) => {
    const phone = driven()
    expect(await forward(phone, { ms })).toMatchObject({ status: 400, error: expect.stringMatching(/ms/) })
    expect(await phone.state()).toMatchObject({ offsetMs: 0 })
  })

  it('stays where it is when there is no next step', async () => {
    const phone = driven()
    expect(await forward(phone, { toNext: true })).toEqual({ status: 200, moved: false })
    expect(await phone.state()).toMatchObject({ offsetMs: 0 })
  })
})

describe('faults from outside', () => {
  it('are switched on, listed and cleared', async () => {
    const phone = driven()
    const fault = { api: 'custom/send', errcode: 45015, times: 2 }
    expect(await phone.call('POST', '/_sim/faults', fault)).toEqual({ status: 200, items: [fault] })
    expect(await phone.call('GET', '/_sim/faults')).toEqual({ status: 200, items: [fault] })
    expect(phone.simulator.wechat.faults.list()).toEqual([fault])
    expect(await phone.call('DELETE', '/_sim/faults')).toEqual({ status: 200, items: [] })
    expect(phone.simulator.wechat.faults.list()).toEqual([])
  })

  it.each<[string, unknown, RegExp]>([
    ['a misspelled field', { api: 'custom/send', errCode: -1 }, /errCode/],
    ['a code that is a text', { errcode: '45015' }, /errcode/],
    ['filters and no effect', { api: 'custom/send', times: 2 }, /errcode, status, latencyMs, hang, reset/],
    ['nothing at all', {}, /errcode, status, latencyMs, hang, reset/],
    ['a status that HTTP does not have', { status: 99 }, /status/],
    ['no times', { errcode: -1, times: 0 }, /times/],
    ['a moment that there is not', { hang: 'later' }, /hang/],
    ['two orders in one', { invalidateToken: APP, duplicateCallback: 1 }, /duplicateCallback/],
    ['the token of an unknown account', { invalidateToken: 'wxunknown' }, /wxunknown/],
    ['a list', [], /fault/],
  ])('are refused with the field that is wrong: %s', async (_, fault, told) => {
    const phone = driven()
    const answer = await phone.call('POST', '/_sim/faults', fault)
    expect(answer).toMatchObject({ status: 400, error: expect.stringMatching(told) })
    expect(phone.simulator.wechat.faults.list()).toEqual([])
  })

  it('can take a token away', async () => {
    const phone = driven()
    const credentials = { grant_type: 'client_credential', appid: APP, secret: 'test-secret' }
    const ask = async () => (await phone.call('POST', '/cgi-bin/stable_token', credentials)).access_token
    const before = await ask()
    expect(await ask()).toBe(before)
    expect(await phone.call('POST', '/_sim/faults', { invalidateToken: APP })).toMatchObject({ items: [] })
    expect(await phone.call('GET', `/cgi-bin/user/info?access_token=${before}`)).toMatchObject({
      errcode: 40001,
    })
    expect(await ask()).not.toBe(before)
  })

  it('can send the next callbacks twice', async () => {
    const phone = driven()
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
