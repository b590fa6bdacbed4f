import { describe, expect, it } from 'vitest'
import { agesByReadTime, createRefreshedValue } from './refreshed-value.ts'

/** A value that is read when the test says so, with a clock that the test sets. */
function valueWith(
  times: { freshMs: number; usableMs: number } | { freshMs(ms: number): number; usableMs: number },
) {
  const clock = { now: 0 }
  const reads: { isAwaited(): boolean; end(value: string): void; fail(): void }[] = []
  const value = createRefreshedValue<string>(
    (isAwaited) =>
      new Promise((resolve, reject) => {
        reads.push({ isAwaited, end: resolve, fail: () => reject(new Error('away')) })
      }),
    { ...times, clock: () => clock.now },
  )
  /** Reads the first value, at the time 0. */
  const readFirst = async () => {
    const first = value.get()
    reads[0]?.end('a')
    await first
  }
  return { clock, reads, value, readFirst }
}
const TIMES = { freshMs: 3, usableMs: 10 }

describe('a refreshed value', () => {
  it('is waited for by the first callers, who share one read', async () => {
    const { reads, value } = valueWith(TIMES)
    const both = [value.get(), value.get()]
    expect(reads).toHaveLength(1)
    expect(reads[0]?.isAwaited()).toBe(true)
    reads[0]?.end('a')
    expect(await Promise.all(both)).toMatchObject([
      { value: 'a', at: 0 },
      { value: 'a', at: 0 },
    ])
  })

  it('is not read again while it is fresh, and is returned while it is read later', async () => {
    const { clock, reads, value, readFirst } = valueWith(TIMES)
    await readFirst()
    clock.now = 2
    expect(await value.get()).toMatchObject({ value: 'a' })
    expect(reads).toHaveLength(1)
    clock.now = 3
    expect(await value.get()).toMatchObject({ value: 'a', at: 0 })
    expect(reads[1]?.isAwaited()).toBe(false)
    reads[1]?.end('b')
    await expect.poll(() => value.get()).toMatchObject({ value: 'b', at: 3 })
  })

  it('is waited for when it is too old, also if a read is under way', async () => {
    const { clock, reads, value, readFirst } = valueWith(TIMES)
    await readFirst()
    clock.now = 9
    await value.get()
    expect(reads[1]?.isAwaited()).toBe(false)
    clock.now = 10
    const waiting = value.get()
    expect(reads[1]?.isAwaited()).toBe(true)
    reads[1]?.end('b')
    expect(await waiting).toMatchObject({ value: 'b' })
  })

  it('is read again after a failure, which only who waits gets', async () => {
    const { clock, reads, value } = valueWith(TIMES)
    const first = value.get()
    reads[0]?.fail()
    await expect(first).rejects.toThrow('away')
    const second = value.get()
    reads[1]?.end('a')
    await second
    clock.now = 5
    expect(await value.get()).toMatchObject({ value: 'a' })
    reads[2]?.fail()
    await expect.poll(async () => [(await value.get()).value, reads.length]).toEqual(['a', 4])
  })

  it('is kept for a time that follows from how long its read took', async () => {
    const took: number[] = []
    const usableMs = 200
    const freshMs = (ms: number) => {
      took.push(ms)
      return 100
    }
    const { clock, reads, value } = valueWith({ freshMs, usableMs })
    const first = value.get()
    const began = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 5))
    reads[0]?.end('a')
    await first
    clock.now = 99
    await value.get()
    expect(took).toHaveLength(1)
    expect(took[0]).toBeGreaterThanOrEqual(4)
    expect(took[0]).toBeLessThanOrEqual(performance.now() - began + 1)
    expect(reads).toHaveLength(1)
  })
})

it('a value is kept longer the longer its read took, within limits', () => {
  const { freshMs, usableMs } = agesByReadTime({ freshMs: 3_000, usableMs: 10_000 })
  expect([10, 2_000, 60_000].map((ms) => [freshMs(ms), usableMs(ms)])).toEqual([
    [3_000, 10_000],
    [6_000, 60_000],
    [30_000, 60_000],
  ])
})

it('reads again when the clock was set back', async () => {
  let now = 100_000
  let reads = 0
  const counted = createRefreshedValue(async () => ++reads, {
    freshMs: 3_000,
    usableMs: 10_000,
    clock: () => now,
  })
  expect((await counted.get()).value).toBe(1)
  now = 0
  expect(await counted.get()).toMatchObject({ value: 2, at: 0 })
  expect((await counted.get()).value).toBe(2)
})
