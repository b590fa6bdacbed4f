import { describe, expect, it } from 'vitest'
import { changedCounts, numbersOf, readCounts } from './counts.ts'

describe('the counts of the benches', () => {
  it('have defaults', () => {
    expect(readCounts({})).toMatchObject({ followers: '200', bursts: '2000/4,10000/10', rounds: '5' })
  })

  it('can be set, and then belong to the command that repeats a bench', () => {
    const counts = readCounts({ rates: '5,10', 'step-seconds': '3', runs: '200' })
    if (typeof counts === 'string') throw new Error(counts)
    expect(changedCounts('load-curve', counts)).toBe(' --rates 5,10 --step-seconds 3')
    expect(changedCounts('restart', counts)).toBe(' --runs 200')
    expect(changedCounts('burst', counts)).toBe('')
    expect(numbersOf(counts.rates)).toEqual([5, 10])
  })

  it.each([
    [{ followers: '0' }, '--followers is not a whole number above 0.'],
    [{ bursts: '2000' }, '--bursts is not of the form 2000/4,10000/10.'],
    [{ stores: 'mysql' }, '--stores is not of the form pglite.'],
  ])('are refused when they are invalid: %j', (given, message) => {
    expect(readCounts(given)).toBe(message)
  })
})
