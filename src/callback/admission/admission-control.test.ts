import { describe, expect, it } from 'vitest'
import { createAdmissionControl } from './admission-control.ts'
import { EvictedError } from './permit.ts'

const LIMITS = {
  ...{ concurrent: 3, unauthenticated: 1, unauthenticatedBytes: 20, bodyBytes: 100, queueHighWater: 2 },
  ...{ readers: 10, readerBytes: 100, readersPerSignature: 2 },
}
/** More than any test needs. */
const WIDE = {
  ...{
    concurrent: 1_000,
    unauthenticated: 1_000,
    unauthenticatedBytes: 1_000,
    bodyBytes: 1_000,
    queueHighWater: 1_000,
  },
  ...{ readers: 1_000, readerBytes: 1_000, readersPerSignature: 1_000 },
}
const unsigned = { signature: null, bytes: 1 }
let signed = 0
/** Each event of WeChat's has a signature of its own. */
const wechat = (bytes = 1) => {
  signed += 1
  return { signature: `s${signed}`, bytes }
}

/** A clock that stands until the test moves it. */
function createHarness(limits: typeof LIMITS) {
  const clock = { now: 0 }
  const counts: number[] = []
  const admission = createAdmissionControl(
    (n) => counts.push(n),
    limits,
    () => clock.now,
  )
  /** A callback whose body has come; null when it is refused. */
  const arrive = (who: { signature: string | null; bytes: number } = wechat()) => {
    const place = admission.tryAcquire(who)
    return place?.enqueue(who.bytes) ? place : null
  }
  /** A request whose body does not come; says whether its place was taken from it. */
  const open = (who: { signature: string | null; bytes: number }) => {
    const place = admission.tryAcquire(who)
    const state = { isIn: place !== null, evicted: false, leave: () => place?.release() }
    place?.read(new Promise(() => {})).catch((err) => {
      state.evicted = err instanceof EvictedError
    })
    return state
  }
  return { clock, counts, places: admission, come: arrive, open }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('places for callbacks under way', () => {
  it('are taken and given back once, and counted', () => {
    const { come: arrive, counts } = createHarness(LIMITS)
    const [first] = [1, 2, 3].map(() => arrive())
    expect(arrive()).toBeNull()
    first?.release()
    first?.release()
    expect(arrive()).not.toBeNull()
    expect(arrive()).toBeNull()
    expect(counts).toEqual([1, 2, 3, 2, 3])
  })

  it('strangers take their share at most, and never what is left for WeChat', () => {
    const { places, come: arrive } = createHarness(LIMITS)
    const one = places.tryAcquire(unsigned)
    expect(places.tryAcquire(unsigned)).toBeNull()
    expect(arrive()).not.toBeNull()
    one?.release()
    expect(places.tryAcquire(unsigned)).not.toBeNull()
  })

  it('strangers with large bodies leave the bytes of WeChat to WeChat', () => {
    const { places, come: arrive } = createHarness({ ...LIMITS, concurrent: 10, unauthenticated: 5 })
    const one = places.tryAcquire({ signature: null, bytes: 20 })
    expect(places.tryAcquire(unsigned)).toBeNull()
    expect(arrive(wechat(80))).not.toBeNull()
    one?.release()
    expect(places.tryAcquire({ signature: null, bytes: 20 })).not.toBeNull()
  })

  it('all bodies together stay below a bound', () => {
    const { come: arrive } = createHarness(LIMITS)
    const big = arrive(wechat(70))
    expect(arrive(wechat(31))).toBeNull()
    expect(arrive(wechat(30))).not.toBeNull()
    big?.release()
    expect(arrive(wechat(70))).not.toBeNull()
  })

  it('hold as many bytes as came, where more were announced', () => {
    const { places, come: arrive } = createHarness(LIMITS)
    expect(places.tryAcquire(wechat(100))?.enqueue(10)).toBe(true)
    expect(arrive(wechat(90))).not.toBeNull()
    expect(arrive()).toBeNull()
  })

  it('are closed while a crowd waits for a slow store: a new one would be answered too late', () => {
    const { clock, come: arrive } = createHarness({ ...LIMITS, concurrent: 10 })
    const first = arrive()
    clock.now = 2_001
    expect(arrive()).not.toBeNull()
    expect(arrive()).toBeNull()
    first?.release()
    expect(arrive()).not.toBeNull()
  })

  it.each([
    { who: 'a stranger', signature: null },
    { who: 'a sender with a query of WeChat’s', signature: 'seen' },
  ])('are not closed by $who who keeps a request open', ({ signature }) => {
    const { clock, places, come: arrive } = createHarness({ ...LIMITS, concurrent: 10 })
    for (let i = 0; i < 10; i++) places.tryAcquire({ signature, bytes: 1 })
    clock.now = 60_000
    for (let i = 0; i < 5; i++) expect(arrive()).not.toBeNull()
  })

  it('tell of a flood while it lasts and a second longer; nobody makes one without a callback of WeChat’s', () => {
    const { clock, places, come: arrive } = createHarness(WIDE)
    const flood = (times: number) => {
      for (let i = 0; i < times; i++) arrive()?.release()
    }
    for (let i = 0; i < 500; i++) {
      places.tryAcquire(unsigned)?.release()
      places.tryAcquire(wechat())?.release()
    }
    flood(100)
    expect(places.isOverloaded()).toBe(false)
    flood(1)
    expect(places.isOverloaded()).toBe(true)
    clock.now = 1_999
    expect(places.isOverloaded()).toBe(true)
    clock.now = 2_000
    expect(places.isOverloaded()).toBe(false)
    flood(101)
    clock.now = 10_000
    expect(places.isOverloaded()).toBe(false)
  })
})

describe('signed requests whose body does not come', () => {
  it('take no place of those that wait for the store', () => {
    const { open, come: arrive } = createHarness(LIMITS)
    for (let i = 0; i < 10; i++) open(wechat())
    expect([arrive(), arrive(), arrive()]).not.toContain(null)
    expect(arrive()).toBeNull()
  })

  it('give way to newer ones with the same signature, the oldest first', async () => {
    const { open, counts } = createHarness(LIMITS)
    const same = { signature: 'seen', bytes: 1 }
    const other = open({ signature: 'other', bytes: 1 })
    const opened = Array.from({ length: 5 }, () => open(same))
    await settled()
    expect(opened.map((o) => o.evicted)).toEqual([true, true, true, false, false])
    expect(opened.map((o) => o.isIn)).not.toContain(false)
    expect(other.evicted).toBe(false)
    expect(counts.at(-1)).toBe(3)
  })

  it.each([
    { bound: 'number', limits: { ...WIDE, readers: 3 }, bytes: 1 },
    { bound: 'bytes', limits: { ...WIDE, readerBytes: 100 }, bytes: 30 },
  ])('give way where their $bound would pass the bound, and never keep WeChat out', async (c) => {
    const { open, come: arrive, counts } = createHarness(c.limits)
    const opened = Array.from({ length: 4 }, () => open(wechat(c.bytes)))
    await settled()
    expect(opened.map((o) => o.evicted)).toEqual([true, false, false, false])
    expect(arrive(wechat(c.bytes))).not.toBeNull()
    expect(counts.at(-1)).toBe(3)
  })

  it('give everything back when they leave', () => {
    const { open, counts } = createHarness(LIMITS)
    const opened = Array.from({ length: 7 }, () => open({ signature: 'seen', bytes: 10 }))
    for (const o of opened) o.leave()
    for (const o of opened) o.leave()
    expect(counts.at(-1)).toBe(0)
  })

  it('whose place was taken cannot wait, though the body came', () => {
    const { places } = createHarness({ ...LIMITS, readersPerSignature: 1 })
    const first = places.tryAcquire({ signature: 'seen', bytes: 1 })
    places.tryAcquire({ signature: 'seen', bytes: 1 })
    expect(first?.enqueue(1)).toBe(false)
  })
})
