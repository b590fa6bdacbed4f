import { describe, expect, it } from 'vitest'
import { summarise } from './measure.ts'

const message = (openId: string, at: number, delivered = true) => ({ openId, at, delivered })

describe('a step of the load curve', () => {
  const followedAt = new Map([
    ['a', 1_000],
    ['b', 1_500],
    ['c', 2_000],
    ['d', 2_500],
  ])

  it('counts the first message of each of its followers', () => {
    const sends = [
      message('earlier', 0),
      message('a', 1_100),
      message('b', 1_550, false),
      message('b', 1_700),
      message('b', 9_000),
      message('c', 3_000),
    ]
    expect(summarise(2, { followedAt, answered: [5, 9] }, sends)).toEqual({
      offered: 2,
      follows: 4,
      // Three messages within two seconds, from the first follow to the last message.
      served: 1.5,
      lateness: { p50: 200, p99: 1_000 },
      answered: { p50: 5, p99: 9 },
      missing: 1,
    })
  })
})
