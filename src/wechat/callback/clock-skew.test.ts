import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correctionOf, estimateSkew, FEWEST_SAMPLES, LARGE_SKEW_MS } from './clock-skew.ts'

/** A push that WeChat signed at `at` by its clock and that arrived `latency` later, on a machine that is `skew` ahead. All ms. */
const offsetOf = (skew: number, at: number, latency: number) =>
  at + latency + skew - Math.floor(at / 1000) * 1000

const skew = fc.integer({ min: -100_000, max: 100_000 })
const onTime = fc.record({
  at: fc.integer({ min: 0, max: 100_000 }),
  latency: fc.integer({ min: 0, max: 400 }),
})
const late = fc.record({
  at: fc.integer({ min: 0, max: 100_000 }),
  latency: fc.integer({ min: 5_000, max: 60_000 }),
})

describe('the skew of this machine’s clock', () => {
  it('is estimated within a second when up to a fifth of the pushes are late', () => {
    fc.assert(
      fc.property(
        skew,
        fc.array(onTime, { minLength: 8, maxLength: 40 }),
        fc.array(late, { maxLength: 10 }),
        (s, good, bad) => {
          const few = bad.slice(0, Math.floor(good.length / 5))
          const estimate = estimateSkew([...good, ...few].map(({ at, latency }) => offsetOf(s, at, latency)))
          expect(Math.abs((estimate.skewMs ?? Infinity) - s)).toBeLessThanOrEqual(900)
          expect(estimate.steady).toBe(true)
          expect(estimate.samples).toBe(good.length + few.length)
        },
      ),
    )
  })

  it('is not steady while there are few pushes, or while half of them disagree', () => {
    fc.assert(
      fc.property(skew, fc.array(onTime, { minLength: FEWEST_SAMPLES, maxLength: 20 }), (s, pushes) => {
        const offsets = pushes.map(({ at, latency }) => offsetOf(s, at, latency))
        expect(estimateSkew(offsets.slice(0, FEWEST_SAMPLES - 1)).steady).toBe(false)
        expect(estimateSkew([...offsets, ...offsets.map((o) => o + 60_000)]).steady).toBe(false)
      }),
    )
  })

  it('does not depend on the order of the pushes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9_999, max: 9_999 }), { maxLength: 20 }), (offsets) => {
        expect(estimateSkew(offsets.toReversed())).toEqual(estimateSkew(offsets))
      }),
    )
  })

  it('is unknown without a push', () => {
    expect(estimateSkew([])).toEqual({ samples: 0, skewMs: null, spreadMs: 0, steady: false })
  })
})

describe('the correction of WeChat’s times', () => {
  const steady = (skewMs: number) => ({ samples: 10, skewMs, spreadMs: 500, steady: true })

  it.each([
    ['no skew', 300, 0, 0],
    ['a small skew', LARGE_SKEW_MS - 1, 0, 0],
    ['a machine ahead', 70_400, 0, 70_000],
    ['a machine behind', -70_400, 0, -71_000],
    ['a correction in use and a small change of the skew', 71_600, 70_000, 70_000],
    ['a correction in use and a larger change of the skew', 71_800, 70_000, 71_000],
    ['a correction in use and a skew that has become small', 1_400, 2_000, 0],
    ['a correction in use and a skew too small to start one', 1_600, 2_000, 2_000],
    ['a correction in use and a clock that was corrected', 100, 70_000, 0],
  ])('is right for %s', (_, skewMs, before, expected) => {
    expect(correctionOf(steady(skewMs), before)).toBe(expected)
  })

  it('ends when the pushes no longer agree with it, or there are none', () => {
    expect(correctionOf({ ...steady(70_400), steady: false }, 0)).toBe(0)
    expect(correctionOf({ ...steady(70_400), steady: false }, 70_000)).toBe(70_000)
    expect(correctionOf({ ...steady(10_400), steady: false }, 70_000)).toBe(0)
    expect(correctionOf(estimateSkew([]), 70_000)).toBe(0)
  })

  it('extends a grant by at most the error of the estimate, and stays the same for the same skew', () => {
    fc.assert(
      fc.property(skew, fc.constantFrom(0, 3_000, 70_000, -71_000), (s, before) => {
        const first = correctionOf(steady(s), before)
        if (first !== 0) expect(first).toBeLessThanOrEqual(s + 750)
        expect(correctionOf(steady(s), first)).toBe(first)
        if (Math.abs(s) >= LARGE_SKEW_MS) expect(Math.abs(s - first)).toBeLessThanOrEqual(1_750)
      }),
    )
  })
})
