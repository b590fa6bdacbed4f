import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { SimulatedWechat } from '../simulated-wechat.ts'
import type { SendLogEntry } from '../state/model.ts'
import { Crowd } from './crowd.ts'
import { BEHAVIOURS, type Behaviour, DEFAULT_SETTINGS } from './crowd-settings.ts'

const APP = 'wxtest0000000001'
const T0 = Date.parse('2026-11-23T08:00:00Z')

let now: number
let wechat: SimulatedWechat
let callbacks: string[]
/** What the account's server answers to a callback. */
let answer: (body: string) => Promise<{ status: number; text: string }>
beforeEach(() => {
  now = T0
  callbacks = []
  answer = async () => ({ status: 200, text: 'success' })
  wechat = new SimulatedWechat({
    now: () => now,
    post: (_, body) => {
      callbacks.push(body)
      return answer(body)
    },
  })
  wechat.addAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: 'test-token',
    mode: 'plain',
    callbackUrl: 'http://callback.invalid',
    menu: [{ key: 'gift', label: '礼物' }],
    qrScenes: ['expo'],
  })
})
afterEach(() => vi.useRealTimers())

const onlyMix = (...chosen: Behaviour[]) =>
  Object.fromEntries(BEHAVIOURS.map((b) => [b, chosen.includes(b) ? 1 : 0])) as typeof DEFAULT_SETTINGS.mix

function crowdOf(followers: number, seconds: number, mix: typeof DEFAULT_SETTINGS.mix) {
  const crowd = new Crowd(wechat, APP, { ...DEFAULT_SETTINGS, followers, seconds, mix }, { id: 'test' })
  wechat.listenToSends((key, send) => crowd.sent(key, send))
  return crowd
}

/** Lets the crowd act for some time in ticks of 100 ms. Pushes are answered in between. */
async function play(crowd: Crowd, seconds: number): Promise<void> {
  for (let tick = 0; tick < seconds * 10; tick++) {
    crowd.tick()
    for (let i = 0; i < 8; i++) await Promise.resolve()
    now += 100
  }
}

const openIds = () => [...wechat.account(APP).followers.keys()]
const sendTo = (openId: string, send: Partial<SendLogEntry> = {}) =>
  wechat.recordSend(APP, {
    at: now,
    virtualAt: now,
    openId,
    body: { msgtype: 'text', text: { content: '你好' } },
    errcode: send.delivered === false ? 45_047 : 0,
    delivered: true,
    unclear: false,
    ...send,
  })
const events = (name: string) =>
  callbacks.filter((body) => body.includes(`<Event><![CDATA[${name}]]>`)).length

describe('a crowd', () => {
  it('arrives evenly over its time', async () => {
    const crowd = crowdOf(100, 10, onlyMix('silent'))
    await play(crowd, 5)
    expect(crowd.view().arrived).toBeGreaterThanOrEqual(49)
    expect(crowd.view().arrived).toBeLessThanOrEqual(51)
    await play(crowd, 6)
    expect(crowd.view()).toMatchObject({ state: 'settling', arrived: 100, accepted: 100, waiting: 100 })
    expect(events('subscribe')).toBe(100)
  })

  it.each<[Behaviour, (followers: number) => void]>([
    ['silent', () => expect(callbacks).toHaveLength(20)],
    ['replies', (n) => expect(callbacks.filter((b) => b.includes('<Content><![CDATA[1]]>'))).toHaveLength(n)],
    ['chats', (n) => expect(callbacks.filter((b) => b.includes('<Content>'))).toHaveLength(4 * n)],
    ['menu', (n) => expect(events('CLICK')).toBe(n)],
    ['scans', (n) => expect([events('subscribe'), events('SCAN')]).toEqual([n, n])],
    ['leaves-at-once', (n) => expect(events('unsubscribe')).toBe(n)],
    ['leaves-later', (n) => expect(events('unsubscribe')).toBe(n)],
  ])('does what its behaviour says: %s', async (behaviour, check) => {
    const crowd = crowdOf(20, 1, onlyMix(behaviour))
    await play(crowd, 100)
    expect(crowd.view().state).toBe('finished')
    check(20)
    expect(wechat.peek({ appId: APP, openId: crowd.view().examples[behaviour] ?? '' }).crowd).toBe('test')
  })

  it('mixes behaviours by their weights', async () => {
    const crowd = crowdOf(2_000, 10, { ...onlyMix('silent'), silent: 3, 'leaves-at-once': 1 })
    await play(crowd, 14)
    expect(crowd.view().unfollowed / 2_000).toBeCloseTo(0.25, 1)
  })

  it('stops: nobody else arrives or acts', async () => {
    const crowd = crowdOf(1_000, 100, onlyMix('replies'))
    await play(crowd, 10)
    crowd.stop()
    const { arrived } = crowd.view()
    const pushed = callbacks.length
    await play(crowd, 60)
    expect(crowd.view()).toMatchObject({ state: 'stopped', arrived })
    expect(callbacks).toHaveLength(pushed)
  })

  it('waits while the server answers nothing, and keeps few pushes', async () => {
    answer = () => new Promise(() => {})
    const crowd = crowdOf(5_000, 10, onlyMix('silent'))
    await play(crowd, 15)
    expect(callbacks.length).toBeLessThanOrEqual(400)
    expect(crowd.view().arrived).toBe(callbacks.length)
  })
})

describe('what WeChat sees of a crowd', () => {
  it('counts who got a message in the first minute, and how long it took', async () => {
    const crowd = crowdOf(3, 1, onlyMix('silent'))
    await play(crowd, 5)
    const [first, second, third] = openIds() as [string, string, string]
    sendTo(first)
    await play(crowd, 30)
    sendTo(second)
    await play(crowd, 40)
    const view = crowd.view()
    expect(view).toMatchObject({ served: 2, waiting: 0, messages: 2, state: 'finished' })
    expect(view.findings.unserved).toEqual({ count: 1, examples: [third] })
    expect(view.delayP50).toBeGreaterThan(4_000)
    expect(view.delayP50).toBeLessThan(5_600)
    // A message after the minute does not serve.
    sendTo(third)
    expect(crowd.view()).toMatchObject({ served: 2, messages: 3 })
  })

  it('counts a passive reply as a message', async () => {
    answer = async (body) => {
      const openId = /<FromUserName><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1]
      const text = `<xml><ToUserName>${openId}</ToUserName><FromUserName>gh_test00000000</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>欢迎</Content></xml>`
      return { status: 200, text }
    }
    wechat.account(APP).originalId = 'gh_test00000000'
    const crowd = crowdOf(5, 1, onlyMix('silent'))
    await play(crowd, 3)
    expect(crowd.view()).toMatchObject({ served: 5, passive: 5, messages: 5, waiting: 0 })
  })

  it('does not expect messages for those who have left', async () => {
    const crowd = crowdOf(10, 1, onlyMix('leaves-at-once'))
    await play(crowd, 70)
    expect(crowd.view()).toMatchObject({ unfollowed: 10, waiting: 0, served: 0 })
    expect(crowd.view().findings.unserved.count).toBe(0)
  })

  it('finds callbacks that were not accepted', async () => {
    answer = async () => ({ status: 500, text: '' })
    const crowd = crowdOf(2, 1, onlyMix('silent'))
    await play(crowd, 5)
    expect(crowd.view().findings.lost).toEqual({ count: 2, examples: openIds() })
    expect(crowd.view().accepted).toBe(0)
  })

  it.each([
    ['no grant', { errcode: 45_015, delivered: false }, 'over-grant'],
    ['a grant that is used up', { errcode: 45_047, delivered: false }, 'over-grant'],
    ['another code', { errcode: 48_001, delivered: false }, 'rejected'],
  ] as const)('finds a send with %s', async (_, send, finding) => {
    const crowd = crowdOf(1, 1, onlyMix('silent'))
    await play(crowd, 3)
    sendTo(openIds()[0] ?? '', send)
    expect(crowd.view().findings[finding]).toEqual({ count: 1, examples: openIds() })
  })

  it('does not judge a send that a fault has prevented', async () => {
    const crowd = crowdOf(1, 1, onlyMix('silent'))
    await play(crowd, 3)
    sendTo(openIds()[0] ?? '', { errcode: null, delivered: false, unclear: true })
    expect(Object.values(crowd.view().findings).every(({ count }) => count === 0)).toBe(true)
  })

  it('finds the same message twice, unless the follower has acted or the sender could not know', async () => {
    const crowd = crowdOf(1, 1, onlyMix('replies'))
    await play(crowd, 1)
    const openId = openIds()[0] ?? ''
    sendTo(openId, { unclear: true })
    sendTo(openId)
    expect(crowd.view().findings.twice.count).toBe(0)
    sendTo(openId)
    expect(crowd.view().findings.twice).toEqual({ count: 1, examples: [openId] })
    // The follower replies within this time.
    await play(crowd, 45)
    sendTo(openId)
    expect(crowd.view().findings.twice.count).toBe(1)
  })

  it('keeps a bounded amount for each follower', async () => {
    const crowd = crowdOf(1, 1, onlyMix('silent'))
    await play(crowd, 1)
    const openId = openIds()[0] ?? ''
    const follower = wechat.peek({ appId: APP, openId })
    for (let i = 0; i < 200; i++) {
      follower.messages.push({
        at: now,
        from: 'account',
        via: 'custom',
        kind: 'text',
        content: { content: `${i}` },
      })
      sendTo(openId, { body: { msgtype: 'text', text: { content: `${i}` } } })
    }
    expect(follower.messages.length).toBeLessThanOrEqual(30)
    expect(follower.happenings.length).toBeLessThanOrEqual(20)
    expect(wechat.account(APP).sends).toEqual([])
  })
})

describe('the fast clock', () => {
  /** When the run of each follower acts next: an hour after its clock, so often. */
  let steps: Map<string, number>
  const forwarded: string[] = []
  beforeEach(() => {
    steps = new Map()
    forwarded.length = 0
    wechat = new SimulatedWechat({
      now: () => now,
      post: async () => ({ status: 200, text: 'success' }),
      testClock: {
        advance: async ({ openId }, ms) => {
          if (ms < 3_600_000) return
          forwarded.push(openId)
          steps.set(openId, (steps.get(openId) ?? 0) - 1)
        },
        nextAt: async ({ openId }, clock) => ((steps.get(openId) ?? 0) > 0 ? clock + 3_600_000 : null),
        syncTo: async () => {},
      },
    })
    wechat.addAccount({
      ...{ appId: APP, appSecret: 'test-secret', token: 'test-token', mode: 'plain' },
      callbackUrl: 'http://callback.invalid',
    })
  })

  const begin = async (mix: typeof DEFAULT_SETTINGS.mix) => {
    const settings = { ...DEFAULT_SETTINGS, followers: 20, seconds: 1, mix, fastClock: true }
    const crowd = new Crowd(wechat, APP, settings, { id: 'test' })
    await play(crowd, 30)
    for (const openId of openIds()) steps.set(openId, 3)
    await play(crowd, 90)
    return crowd
  }

  it('moves each phone forward to the end of its series, once everybody’s first minute is over', async () => {
    const crowd = await begin(onlyMix('silent'))
    await vi.waitFor(() => expect(crowd.view()).toMatchObject({ state: 'finished', forwarded: 20 }), {
      timeout: UNIT_TIMEOUT_MS / 2,
    })
    for (const openId of openIds()) expect(forwarded.filter((id) => id === openId)).toHaveLength(3)
    expect(wechat.clockOf(wechat.follower({ appId: APP, openId: openIds()[0] ?? '' }))).toBeGreaterThan(
      T0 + 3 * 3_600_000,
    )
  })

  it('leaves alone who has unfollowed', async () => {
    const crowd = await begin(onlyMix('leaves-at-once'))
    await vi.waitFor(() => expect(crowd.view()).toMatchObject({ state: 'finished', forwarded: 0 }), {
      timeout: UNIT_TIMEOUT_MS / 2,
    })
    expect(forwarded).toEqual([])
  })

  it('can be stopped while it moves phones, and leaves out a run that cannot be moved', async () => {
    let blocked = () => {}
    const settings = {
      ...DEFAULT_SETTINGS,
      followers: 20,
      seconds: 1,
      mix: onlyMix('silent'),
      fastClock: true,
    }
    const crowd = new Crowd(wechat, APP, settings, { id: 'test' })
    await play(crowd, 30)
    vi.spyOn(wechat, 'fastForwardToNext').mockImplementation(async ({ openId }) => {
      forwarded.push(openId)
      if (forwarded.length === 1) throw new Error('Temporal could not advance the clock')
      if (forwarded.length > 10) await new Promise<void>((resolve) => (blocked = resolve))
      return false
    })
    await play(crowd, 90)
    await vi.waitFor(() => expect(forwarded.length).toBeGreaterThan(10), { timeout: UNIT_TIMEOUT_MS / 2 })
    expect(crowd.view()).toMatchObject({ state: 'forwarding', forwarded: 9 })
    expect(crowd.isRunning).toBe(true)
    crowd.stop()
    const moves = forwarded.length
    blocked()
    await play(crowd, 1)
    expect(crowd.view().state).toBe('stopped')
    expect(forwarded).toHaveLength(moves)
  })
})
