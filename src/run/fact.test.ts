import { describe, expect, it } from 'vitest'
import type { FactValue } from '../shared/facts.ts'
import { type FactTest, factsHold, timeOfFact } from './fact.ts'

describe('a test of a fact', () => {
  it.each<[FactValue | undefined, FactTest, boolean]>([
    [true, true, true],
    ['true', true, true],
    [false, true, false],
    [undefined, true, false],
    [1, '1', true],
    ['water', ['water', 'robot'], true],
    ['tv', ['water', 'robot'], false],
    [3, { atLeast: 3 }, true],
    ['3', { atLeast: 3 }, true],
    [2, { atLeast: 3 }, false],
    [2, { atMost: 3 }, true],
    ['many', { atLeast: 0 }, false],
    ['', { atMost: 3 }, false],
    [true, { atLeast: 1 }, false],
  ])('of %j with %j is %j', (value, test, expected) => {
    expect(factsHold(value === undefined ? {} : { name: value }, { name: test })).toBe(expected)
  })

  it('is not met by what every object has', () => {
    expect(factsHold({}, { constructor: 'x', toString: { atLeast: 0 } })).toBe(false)
  })

  it('holds only with all others', () => {
    expect(factsHold({ a: 1 }, { a: 1, b: 2 })).toBe(false)
    expect(factsHold({ a: 1, b: 2 }, { a: 1, b: 2 })).toBe(true)
  })
})

describe('the time of a fact', () => {
  it.each<[FactValue | undefined, number | null]>([
    ['2026-11-24T15:00:00+08:00', Date.UTC(2026, 10, 24, 7)],
    ['2026-11-24T07:00Z', Date.UTC(2026, 10, 24, 7)],
    [1_795_503_600_000, 1_795_503_600_000],
    ['2026-11-24T15:00:00', null],
    ['2026-11-24', null],
    ['2026-13-40T15:00:00Z', null],
    ['soon', null],
    [true, null],
    [undefined, null],
  ])('%j is %j', (value, expected) => expect(timeOfFact(value)).toBe(expected))
})
