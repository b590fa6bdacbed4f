import { describe, expect, it } from 'vitest'
import { createAttemptLimiter } from './attempt-limiter.ts'

describe('an attempt limiter', () => {
  const setUp = (maxKeys?: number) => {
    const clock = { at: 1_000_000 }
    const limiter = createAttemptLimiter({
      burst: 3,
      everyMs: 10_000,
      now: () => clock.at,
      ...(maxKeys ? { maxKeys } : {}),
    })
    return {
      clock,
      limiter,
      consume: (n: number, key = 'a') => Array.from({ length: n }, () => limiter.consume(key)),
    }
  }

  it('allows a burst, then reports how long to wait', () => {
    const { clock, limiter, consume } = setUp()
    expect(consume(4)).toEqual([0, 0, 0, 10_000])
    clock.at += 4_000
    expect([limiter.waitMs('a'), limiter.consume('a')]).toEqual([6_000, 6_000])
    clock.at += 6_000
    expect(consume(2)).toEqual([0, 10_000])
  })

  it('does not affect other keys', () => {
    const { consume } = setUp()
    consume(4)
    expect(consume(1, 'b')).toEqual([0])
  })

  it('allows the full burst again after a pause', () => {
    const { clock, consume } = setUp()
    consume(3)
    clock.at += 30_000
    expect(consume(4)).toEqual([0, 0, 0, 10_000])
  })

  it('does not count correct attempts', () => {
    const { limiter, consume } = setUp()
    for (let i = 0; i < 20; i++) {
      expect(limiter.consume('a')).toBe(0)
      limiter.refund('a')
    }
    expect(consume(4)).toEqual([0, 0, 0, 10_000])
  })

  it('drops the key with the oldest attempt when it has too many keys', () => {
    const { limiter, consume } = setUp(2)
    consume(4, 'a')
    consume(4, 'b')
    limiter.consume('c')
    expect([limiter.waitMs('a'), limiter.waitMs('b')]).toEqual([0, 10_000])
  })
})
