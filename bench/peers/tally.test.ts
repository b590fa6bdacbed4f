import { describe, expect, it } from 'vitest'
import { countArrived, latenessOf, spreadOf, tally } from './tally.ts'

const arrivals = (...ids: string[]) => ids.map((id, i) => ({ id, at: 1_000 + i }))

describe('the tally of a stage', () => {
  it('counts what did not arrive, and every arrival beyond the first', () => {
    expect(tally(['a', 'b', 'c', 'd'], arrivals('a', 'b', 'a', 'a', 'd'))).toEqual({
      expected: 4,
      missing: 1,
      twice: 2,
      cancelledButSent: 0,
    })
  })

  it('ignores messages of other stages, also when they arrived twice', () => {
    expect(tally(['a'], arrivals('a', 'x', 'x'))).toMatchObject({ missing: 0, twice: 0 })
  })

  it('counts a cancelled message once, however often it arrived', () => {
    expect(tally(['a'], arrivals('a', 'b', 'b'), ['b', 'c'])).toMatchObject({ twice: 0, cancelledButSent: 1 })
  })

  it('counts arrived messages, not arrivals', () => {
    expect(countArrived(['a', 'b'], arrivals('a', 'a', 'x'))).toBe(1)
  })
})

describe('lateness', () => {
  it('is that of the first arrival, whatever the order of the list', () => {
    const list = [
      { id: 'a', at: 900 },
      { id: 'b', at: 560 },
      { id: 'a', at: 510 },
    ]
    const dueAt = new Map([
      ['a', 500],
      ['b', 600],
      ['lost', 500],
    ])
    expect(latenessOf(dueAt, list)).toEqual([10, -40])
  })
})

describe('the spread of rounds', () => {
  it('has the middle value, or the mean of the two in the middle', () => {
    expect(spreadOf([30, 1, 2])).toEqual({ median: 2, min: 1, max: 30 })
    expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 })
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 })
  })

  it('leaves out rounds without the figure, and is null without any', () => {
    expect(spreadOf([null, 5, null])).toEqual({ median: 5, min: 5, max: 5 })
    expect(spreadOf([null])).toBeNull()
    expect(spreadOf([])).toBeNull()
  })
})
