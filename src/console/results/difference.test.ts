import { describe, expect, it } from 'vitest'
import { difference } from './difference.ts'

describe('the difference of two variants', () => {
  it('is in percentage points, with an interval', () => {
    // 8.2 % and 11.4 %: the deviation is sqrt(0.0752/1601 + 0.1009/1607) = 0.01048.
    const found = difference({ entered: 1_601, goals: 131 }, { entered: 1_607, goals: 183 })
    expect(found).toEqual({ points: 3.2, low: 1.2, high: 5.3 })
  })

  it('has an interval around zero without a difference', () => {
    const found = difference({ entered: 100, goals: 10 }, { entered: 100, goals: 10 })
    expect(found).toEqual({ points: 0, low: -8.3, high: 8.3 })
  })

  it('says nothing about fewer than 30', () => {
    expect(difference({ entered: 29, goals: 1 }, { entered: 5_000, goals: 10 })).toBeNull()
    expect(difference({ entered: 30, goals: 1 }, { entered: 30, goals: 1 })).not.toBeNull()
  })
})
