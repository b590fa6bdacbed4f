import { beforeEach, describe, expect, it } from 'vitest'
import { createWechatClient, type WechatAnswer, type WechatClient } from '../../src/wechat/api/client.ts'
import { createSendThrottle, type SendThrottle } from './send-throttle.ts'

const MINUTE = 60_000
/** The start of a minute. */
const START = 30_000_000 * MINUTE

let at: number
let throttle: SendThrottle
beforeEach(() => {
  at = START + 20_000
  throttle = createSendThrottle({ slots: 8, now: () => at, random: () => 0.5 })
})

const acquire = (appId = 'wxA', lastTry = false) => throttle.acquire(appId, { lastTry, urgent: false })
const SLOT = { release: expect.any(Function) as unknown }

/** The account's client, with a WeChat that gives this answer to every request. */
function observedClient(answer: WechatAnswer<never>, appId = 'wxA'): WechatClient {
  const give = async () => answer
  const real = createWechatClient({ apiBase: 'http://127.0.0.1:9' })
  return throttle.observe(appId, { ...real, stableToken: give, customSend: give, uploadMedia: give })
}

const OK = { kind: 'answered', errcode: 0, errmsg: '', rid: null, data: null } as const
const TIMEOUT = { kind: 'unclear', after: 'timeout', reason: 'no answer within 10 s' } as const

async function threeTimeouts(): Promise<void> {
  const client = observedClient(TIMEOUT)
  await client.stableToken({ appId: 'wxA', appSecret: 's' })
  await client.customSend('token', {})
  await client.uploadMedia('token', {
    type: 'image',
    filename: 'a.png',
    contentType: 'image/png',
    bytes: Buffer.of(),
  })
}

describe('an account that hangs', () => {
  it('gets no slot after three of its requests of any kind timed out; other accounts do', async () => {
    await threeTimeouts()
    expect(acquire()).toEqual({ denied: "the account's requests get no answer", waitMs: 2_500 })
    expect(acquire('wxB')).toEqual(SLOT)
  })

  it('is reported when it starts to hang and when it answers again', async () => {
    const changes: [string, boolean][] = []
    throttle = createSendThrottle({
      slots: 8,
      now: () => at,
      onChange: (appId, open) => changes.push([appId, open]),
    })
    await threeTimeouts()
    await observedClient(OK, 'wxB').customSend('t', {})
    await observedClient(OK).customSend('t', {})
    expect(changes).toEqual([
      ['wxA', true],
      ['wxA', false],
    ])
  })

  it('gets one probe, whose answer admits all sends or none', async () => {
    await threeTimeouts()
    at += 2_000
    expect(acquire()).toEqual(SLOT)
    expect(acquire()).toMatchObject({ waitMs: 1_500 })
    await observedClient(TIMEOUT).customSend('token', {})
    expect(acquire()).toMatchObject({ waitMs: 4_500 })
    at += 4_000
    expect(acquire()).toEqual(SLOT)
    await observedClient(OK).customSend('t', {})
    // One of its two slots is still held by the first probe, the other by the second.
    expect(acquire()).toEqual({ denied: 'the account has its share of send slots', waitMs: 250 })
  })

  it('ends the probe when the slot is released', async () => {
    await threeTimeouts()
    at += 2_000
    for (let i = 0; i < 5; i++) {
      const slot = acquire()
      if ('denied' in slot) throw new Error(slot.denied)
      slot.release()
    }
  })
})

describe('an account over its minute limit', () => {
  it('waits for the next minute, spread over its first seconds; other accounts do not', () => {
    expect(throttle.onRateLimited('wxA')).toBe(42_500)
    at += 10_000
    expect(acquire()).toEqual({ denied: 'minute limit of the account (45011)', waitMs: 32_500 })
    expect(acquire('wxB')).toEqual(SLOT)
    at = START + MINUTE - 1
    // After the turn of the send before.
    expect(acquire()).toMatchObject({ waitMs: 2_521 })
    at = START + MINUTE
    expect(acquire()).toEqual(SLOT)
  })
})

describe('more sends than slots', () => {
  const SENDS = 200
  const HOLD_MS = 1_000
  /** The share of 100 slots. */
  const SHARE = 25

  /** Sends that retry at their turns, until each was sent. @returns the attempts, and the time of the last end */
  function sendAll(): { attempts: number; tookMs: number } {
    const begunAt = at
    const events = Array.from({ length: SENDS }, (_, i) => ({ at: begunAt + i, run: attempt }))
    let attempts = 0
    function attempt(): void {
      attempts += 1
      const slot = acquire()
      if ('denied' in slot) events.push({ at: at + slot.waitMs, run: attempt })
      else events.push({ at: at + HOLD_MS, run: slot.release })
    }
    while (events.length > 0) {
      events.sort((a, b) => b.at - a.at)
      const next = events.pop()
      at = Math.max(at, next?.at ?? at)
      next?.run()
    }
    return { attempts, tookMs: at - begunAt }
  }

  it('retry when slots become free: few attempts in vain, and few slots that stay free', () => {
    throttle = createSendThrottle({ slots: 4 * SHARE, now: () => at, random: () => 0.5 })
    const { attempts, tookMs } = sendAll()
    expect(attempts).toBeLessThan(4 * SENDS)
    expect(tookMs).toBeLessThan(1.3 * HOLD_MS * (SENDS / SHARE))
  })

  it('do not delay an urgent one, whose grant ends soon', () => {
    for (let i = 0; i < 2 + SENDS; i++) acquire()
    const other = acquire() as { waitMs: number }
    const urgent = throttle.acquire('wxA', { lastTry: false, urgent: true }) as { waitMs: number }
    expect(urgent.waitMs).toBe(250)
    expect(other.waitMs).toBeGreaterThan(10_000)
  })

  it('wait half a minute longer at most, also after the clock was set back', () => {
    for (let i = 0; i < 10 * SENDS; i++)
      expect((acquire() as { waitMs?: number }).waitMs ?? 0).toBeLessThanOrEqual(30_250)
    at -= 3_600_000
    expect((acquire() as { waitMs: number }).waitMs).toBeLessThanOrEqual(30_250)
  })
})

describe('sends of an account that hangs', () => {
  it('return one after another when the circuit admits sends', async () => {
    await threeTimeouts()
    const waits = Array.from({ length: 100 }, () => (acquire() as { waitMs: number }).waitMs)
    expect(waits.slice(0, 3)).toEqual([2_500, 2_520, 2_540])
    expect(waits.at(-1)).toBe(2_500 + 99 * 20)
  })
})

describe('the last attempt before the margin', () => {
  it('gets a slot while the circuit is open and the minute limit is reached', async () => {
    await threeTimeouts()
    throttle.onRateLimited('wxA')
    expect(acquire('wxA', true)).toEqual(SLOT)
  })

  it('gets none when the account already has its share of slots', () => {
    acquire()
    acquire()
    expect(acquire('wxA', true)).toMatchObject({ waitMs: 250 })
  })
})
