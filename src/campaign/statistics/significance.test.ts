import { describe, expect, it } from 'vitest'
import { pValue } from './significance.ts'

describe('the two-proportion z-test', () => {
  // z = 1.959964 has p = 0.05 and z = 2.575829 has p = 0.01 in every table of the normal distribution. The others were computed
  // with the erfc of the C library.
  it.each([
    [{ entered: 1_000, goals: 100 }, { entered: 1_000, goals: 130 }, 0.0355],
    [{ entered: 1_000, goals: 130 }, { entered: 1_000, goals: 100 }, 0.0355],
    [{ entered: 500, goals: 50 }, { entered: 500, goals: 50 }, 1],
    [{ entered: 200, goals: 20 }, { entered: 400, goals: 60 }, 0.08943],
  ])('gives %j and %j p', (a, b, p) => {
    expect(pValue(a, b)).toBeCloseTo(p, 3)
  })

  it.each([
    [1.959964, 0.05],
    [2.575829, 0.01],
    [0.67449, 0.5],
    [3.290527, 0.001],
  ])('has the two-sided p of z = %d', (z, p) => {
    // Two samples of n with the shares 0.5 ± d: the pooled deviation is sqrt(0.5 / n).
    const n = 1e8
    const d = (z * Math.sqrt(0.5 / n)) / 2
    expect(pValue({ entered: n, goals: n * (0.5 - d) }, { entered: n, goals: n * (0.5 + d) })).toBeCloseTo(
      p,
      5,
    )
  })

  it.each([
    ['fewer than 100 entered', { entered: 99, goals: 50 }, { entered: 1_000, goals: 500 }],
    ['fewer than 5 expected goals', { entered: 100, goals: 4 }, { entered: 100, goals: 5 }],
    ['fewer than 5 expected without goal', { entered: 100, goals: 97 }, { entered: 100, goals: 98 }],
    ['nobody', { entered: 0, goals: 0 }, { entered: 0, goals: 0 }],
  ])('says nothing with %s', (_, a, b) => {
    expect(pValue(a, b)).toBeNull()
  })

  it('begins at 100 entered and 5 expected goals on each side', () => {
    expect(pValue({ entered: 100, goals: 4 }, { entered: 100, goals: 6 })).not.toBeNull()
  })
})
