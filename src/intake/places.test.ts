import { describe, expect, it } from 'vitest'
import { createPlaces, EvictedError } from './places.ts'

const LIMITS = {
  ...{ places: 3, strangers: 1, strangerBytes: 20, bodyBytes: 100, crowd: 2 },
  ...{ readers: 10, readerBytes: 100, readersPerSignature: 2 },
}
/** More than any test needs. */
const WIDE = {
  ...{ places: 1_000, strangers: 1_000, strangerBytes: 1_000, bodyBytes: 1_000, crowd: 1_000 },
  ...{ readers: 1_000, readerBytes: 1_000, readersPerSignature: 1_000 },
}
const stranger = { signature: null, bytes: 1 }
let signed = 0
/** Each event of WeChat's has a signature of its own. */
const wechat = (bytes = 1) => {
  signed += 1
  return { signature: `s${signed}`, bytes }
}

/** A clock that stands until the test moves it. */
function placesAt(limits: typeof LIMITS) {
  const clock = { now: 0 }
  const counts: number[] = []
  const places = createPlaces(
    (n) => counts.push(n),
    limits,
    () => clock.now,
  )
  /** A callback whose body has come; null when it is refused. */
  const come = (who: { signature: string | null; bytes: number } = wechat()) => {
    const place = places.take(who)
    return place?.wait(who.bytes) ? place : null
  }
  /** A request whose body does not come; says whether its place was taken from it. */
  const open = (who: { signature: string | null; bytes: number }) => {
    const place = places.take(who)
    const state = { isIn: place !== null, evicted: false, leave: () => place?.leave() }
    place?.read(new Promise(() => {})).catch((err) => {
      state.evicted = err instanceof EvictedError
    })
    return state
  }
  return { clock, counts, places, come, open }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('places for callbacks under way', () => {
  it('are taken and given back once, and counted', () => {
    const { come, counts } = placesAt(LIMITS)
    const [first] = [1, 2, 3].map(() => come())
    expect(come()).toBeNull()
    first?.leave()
    first?.leave()
    expect(come()).not.toBeNull()
    expect(come()).toBeNull()
    expect(counts).toEqual([1, 2, 3, 2, 3])
  })

  it('strangers take their share at most, and never what is left for WeChat', () => {
    const { places, come } = placesAt(LIMITS)
    const one = places.take(stranger)
    expect(places.take(stranger)).toBeNull()
    expect(come()).not.toBeNull()
    one?.leave()
    expect(places.take(stranger)).not.toBeNull()
  })

  it('strangers with large bodies leave the bytes of WeChat to WeChat', () => {
    const { places, come } = placesAt({ ...LIMITS, places: 10, strangers: 5 })
    const one = places.take({ signature: null, bytes: 20 })
    expect(places.take(stranger)).toBeNull()
    expect(come(wechat(80))).not.toBeNull()
    one?.leave()
    expect(places.take({ signature: null, bytes: 20 })).not.toBeNull()
  })

  it('all bodies together stay below a bound', () => {
    const { come } = placesAt(LIMITS)
    const big = come(wechat(70))
    expect(come(wechat(31))).toBeNull()
    expect(come(wechat(30))).not.toBeNull()
    big?.leave()
    expect(come(wechat(70))).not.toBeNull()
  })

  it('hold as many bytes as came, where more were announced', () => {
    const { places, come } = placesAt(LIMITS)
    expect(places.take(wechat(100))?.wait(10)).toBe(true)
    expect(come(wechat(90))).not.toBeNull()
    expect(come()).toBeNull()
  })

  it('are closed while a crowd waits for a slow store: a new one would be answered too late', () => {
    const { clock, come } = placesAt({ ...LIMITS, places: 10 })
    const first = come()
    clock.now = 2_001
    expect(come()).not.toBeNull()
    expect(come()).toBeNull()
    first?.leave()
    expect(come()).not.toBeNull()
  })

  it.each([
    { who: 'a stranger', signature: null },
    { who: 'a sender with a query of WeChat’s', signature: 'seen' },
  ])('are not closed by $who who keeps a request open', ({ signature }) => {
    const { clock, places, come } = placesAt({ ...LIMITS, places: 10 })
    for (let i = 0; i < 10; i++) places.take({ signature, bytes: 1 })
    clock.now = 60_000
    for (let i = 0; i < 5; i++) expect(come()).not.toBeNull()
  })

  it('tell of a flood while it lasts and a second longer; nobody makes one without a callback of WeChat’s', () => {
    const { clock, places, come } = placesAt(WIDE)
    const flood = (times: number) => {
      for (let i = 0; i < times; i++) come()?.leave()
    }
    for (let i = 0; i < 500; i++) {
      places.take(stranger)?.leave()
      places.take(wechat())?.leave()
    }
    flood(100)
    expect(places.isFlooded()).toBe(false)
    flood(1)
    expect(places.isFlooded()).toBe(true)
    clock.now = 1_999
    expect(places.isFlooded()).toBe(true)
    clock.now = 2_000
    expect(places.isFlooded()).toBe(false)
    flood(101)
    clock.now = 10_000
    expect(places.isFlooded()).toBe(false)
  })
})

describe('signed requests whose body does not come', () => {
  it('take no place of those that wait for the store', () => {
    const { open, come } = placesAt(LIMITS)
    for (let i = 0; i < 10; i++) open(wechat())
    expect([come(), come(), come()]).not.toContain(null)
    expect(come()).toBeNull()
  })

  it('give way to newer ones with the same signature, the oldest first', async () => {
    const { open, counts } = placesAt(LIMITS)
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
    const { open, come, counts } = placesAt(c.limits)
    const opened = Array.from({ length: 4 }, () => open(wechat(c.bytes)))
    await settled()
    expect(opened.map((o) => o.evicted)).toEqual([true, false, false, false])
    expect(come(wechat(c.bytes))).not.toBeNull()
    expect(counts.at(-1)).toBe(3)
  })

  it('give everything back when they leave', () => {
    const { open, counts } = placesAt(LIMITS)
    const opened = Array.from({ length: 7 }, () => open({ signature: 'seen', bytes: 10 }))
    for (const o of opened) o.leave()
    for (const o of opened) o.leave()
    expect(counts.at(-1)).toBe(0)
  })

  it('whose place was taken cannot wait, though the body came', () => {
    const { places } = placesAt({ ...LIMITS, readersPerSignature: 1 })
    const first = places.take({ signature: 'seen', bytes: 1 })
    places.take({ signature: 'seen', bytes: 1 })
    expect(first?.wait(1)).toBe(false)
  })
})
