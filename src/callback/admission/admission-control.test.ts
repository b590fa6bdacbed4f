import { describe, expect, it } from 'vitest'
import { createAdmissionControl } from './admission-control.ts'
import { EvictedError } from './permit.ts'

const LIMITS = {
  ...{ concurrent: 3, unauthenticated: 1, unauthenticatedBytes: 20, bodyBytes: 100, queueHighWater: 2 },
  ...{ readers: 10, readerBytes: 100, readersPerSignature: 2 },
}
/** Limits that no test reaches. */
const UNLIMITED = {
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
/** A request of WeChat. Each event has its own signature. */
const wechat = (bytes = 1) => {
  signed += 1
  return { signature: `s${signed}`, bytes }
}

/** An admission control with a clock that the test moves. */
function createHarness(limits: typeof LIMITS) {
  const clock = { now: 0 }
  const counts: number[] = []
  const admission = createAdmissionControl(
    (n) => counts.push(n),
    limits,
    () => clock.now,
  )
  /** A callback with a complete body. @returns its permit; null when it is refused */
  const arrive = (request: { signature: string | null; bytes: number } = wechat()) => {
    const permit = admission.tryAcquire(request)
    return permit?.enqueue(request.bytes) ? permit : null
  }
  /** A request whose body never arrives. */
  const open = (request: { signature: string | null; bytes: number }) => {
    const permit = admission.tryAcquire(request)
    const state = { isAdmitted: permit !== null, evicted: false, release: () => permit?.release() }
    permit?.read(new Promise(() => {})).catch((err) => {
      state.evicted = err instanceof EvictedError
    })
    return state
  }
  return { clock, counts, admission, arrive, open }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('permits', () => {
  it('are counted, and are returned only once', () => {
    const { arrive, counts } = createHarness(LIMITS)
    const [first] = [1, 2, 3].map(() => arrive())
    expect(arrive()).toBeNull()
    first?.release()
    first?.release()
    expect(arrive()).not.toBeNull()
    expect(arrive()).toBeNull()
    expect(counts).toEqual([1, 2, 3, 2, 3])
  })

  it('of unauthenticated requests are bounded, and leave room for WeChat', () => {
    const { admission, arrive } = createHarness(LIMITS)
    const permit = admission.tryAcquire(unsigned)
    expect(admission.tryAcquire(unsigned)).toBeNull()
    expect(arrive()).not.toBeNull()
    permit?.release()
    expect(admission.tryAcquire(unsigned)).not.toBeNull()
  })

  it('of unauthenticated requests with large bodies leave bytes for WeChat', () => {
    const { admission, arrive } = createHarness({ ...LIMITS, concurrent: 10, unauthenticated: 5 })
    const permit = admission.tryAcquire({ signature: null, bytes: 20 })
    expect(admission.tryAcquire(unsigned)).toBeNull()
    expect(arrive(wechat(80))).not.toBeNull()
    permit?.release()
    expect(admission.tryAcquire({ signature: null, bytes: 20 })).not.toBeNull()
  })

  it('hold a bounded number of bytes together', () => {
    const { arrive } = createHarness(LIMITS)
    const big = arrive(wechat(70))
    expect(arrive(wechat(31))).toBeNull()
    expect(arrive(wechat(30))).not.toBeNull()
    big?.release()
    expect(arrive(wechat(70))).not.toBeNull()
  })

  it('hold the received bytes when more were declared', () => {
    const { admission, arrive } = createHarness(LIMITS)
    expect(admission.tryAcquire(wechat(100))?.enqueue(10)).toBe(true)
    expect(arrive(wechat(90))).not.toBeNull()
    expect(arrive()).toBeNull()
  })

  it('are refused while many callbacks wait for a slow store, because a new one would be answered too late', () => {
    const { clock, arrive } = createHarness({ ...LIMITS, concurrent: 10 })
    const first = arrive()
    clock.now = 2_001
    expect(arrive()).not.toBeNull()
    expect(arrive()).toBeNull()
    first?.release()
    expect(arrive()).not.toBeNull()
  })

  it.each([
    { sender: 'an unauthenticated client', signature: null },
    { sender: 'a sender with a signed query', signature: 'known' },
  ])('are not refused because $sender keeps requests open', ({ signature }) => {
    const { clock, admission, arrive } = createHarness({ ...LIMITS, concurrent: 10 })
    for (let i = 0; i < 10; i++) admission.tryAcquire({ signature, bytes: 1 })
    clock.now = 60_000
    for (let i = 0; i < 5; i++) expect(arrive()).not.toBeNull()
  })

  it('show an overload while it lasts and a second longer, counted by authenticated callbacks only', () => {
    const { clock, admission, arrive } = createHarness(UNLIMITED)
    const burst = (times: number) => {
      for (let i = 0; i < times; i++) arrive()?.release()
    }
    for (let i = 0; i < 500; i++) {
      admission.tryAcquire(unsigned)?.release()
      admission.tryAcquire(wechat())?.release()
    }
    burst(100)
    expect(admission.isOverloaded()).toBe(false)
    burst(1)
    expect(admission.isOverloaded()).toBe(true)
    clock.now = 1_999
    expect(admission.isOverloaded()).toBe(true)
    clock.now = 2_000
    expect(admission.isOverloaded()).toBe(false)
    burst(101)
    clock.now = 10_000
    expect(admission.isOverloaded()).toBe(false)
  })
})

describe('signed requests with an incomplete body', () => {
  it('use no permit of callbacks that wait for the store', () => {
    const { open, arrive } = createHarness(LIMITS)
    for (let i = 0; i < 10; i++) open(wechat())
    expect([arrive(), arrive(), arrive()]).not.toContain(null)
    expect(arrive()).toBeNull()
  })

  it('are evicted for newer ones with the same signature, oldest first', async () => {
    const { open, counts } = createHarness(LIMITS)
    const same = { signature: 'known', bytes: 1 }
    const other = open({ signature: 'other', bytes: 1 })
    const opened = Array.from({ length: 5 }, () => open(same))
    await settled()
    expect(opened.map((o) => o.evicted)).toEqual([true, true, true, false, false])
    expect(opened.map((o) => o.isAdmitted)).not.toContain(false)
    expect(other.evicted).toBe(false)
    expect(counts.at(-1)).toBe(3)
  })

  it.each([
    { bound: 'number', limits: { ...UNLIMITED, readers: 3 }, bytes: 1 },
    { bound: 'bytes', limits: { ...UNLIMITED, readerBytes: 100 }, bytes: 30 },
  ])('are evicted when their $bound would exceed the limit, and do not block WeChat', async (c) => {
    const { open, arrive, counts } = createHarness(c.limits)
    const opened = Array.from({ length: 4 }, () => open(wechat(c.bytes)))
    await settled()
    expect(opened.map((o) => o.evicted)).toEqual([true, false, false, false])
    expect(arrive(wechat(c.bytes))).not.toBeNull()
    expect(counts.at(-1)).toBe(3)
  })

  it('return everything when they end', () => {
    const { open, counts } = createHarness(LIMITS)
    const opened = Array.from({ length: 7 }, () => open({ signature: 'known', bytes: 10 }))
    for (const o of opened) o.release()
    for (const o of opened) o.release()
    expect(counts.at(-1)).toBe(0)
  })

  it('cannot wait for the store after their eviction, although the body is complete', () => {
    const { admission } = createHarness({ ...LIMITS, readersPerSignature: 1 })
    const first = admission.tryAcquire({ signature: 'known', bytes: 1 })
    admission.tryAcquire({ signature: 'known', bytes: 1 })
    expect(first?.enqueue(1)).toBe(false)
  })
})
