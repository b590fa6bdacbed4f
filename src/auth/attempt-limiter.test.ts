import { describe, expect, it } from 'vitest'
import { createAttemptLimiter } from './attempt-limiter.ts'

describe('somebody who guesses', () => {
  const setUp = (keysMax?: number) => {
    const clock = { at: 1_000_000 }
    const limiter = createAttemptLimiter({
      burst: 3,
      everyMs: 10_000,
      now: () => clock.at,
      ...(keysMax ? { maxKeys: keysMax } : {}),
    })
    return {
      clock,
      limiter,
      take: (n: number, key = 'a') => Array.from({ length: n }, () => limiter.consume(key)),
    }
  }

  it('has some tries, then must wait, and is told how long', () => {
    const { clock, limiter, take } = setUp()
    expect(take(4)).toEqual([0, 0, 0, 10_000])
    clock.at += 4_000
    expect([limiter.waitMs('a'), limiter.consume('a')]).toEqual([6_000, 6_000])
    clock.at += 6_000
    expect(take(2)).toEqual([0, 10_000])
  })

  it('does not make others wait', () => {
    const { take } = setUp()
    take(4)
    expect(take(1, 'b')).toEqual([0])
  })

  it('has all tries again after a while', () => {
    const { clock, take } = setUp()
    take(3)
    clock.at += 30_000
    expect(take(4)).toEqual([0, 0, 0, 10_000])
  })

  it('loses no try by a right answer', () => {
    const { limiter, take } = setUp()
    for (let i = 0; i < 20; i++) {
      expect(limiter.consume('a')).toBe(0)
      limiter.refund('a')
    }
    expect(take(4)).toEqual([0, 0, 0, 10_000])
  })

  it('cannot fill the memory with new names: the one tried longest ago is forgotten', () => {
    const { limiter, take } = setUp(2)
    take(4, 'a')
    take(4, 'b')
    limiter.consume('c')
    expect([limiter.waitMs('a'), limiter.waitMs('b')]).toEqual([0, 10_000])
  })
})
