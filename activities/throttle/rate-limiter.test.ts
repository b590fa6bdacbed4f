import { describe, expect, it } from 'vitest'
import { createRateLimiter } from './rate-limiter.ts'

function limited() {
  let at = 1_000_000
  const limiter = createRateLimiter(() => at)
  /** Sends as early as the limiter allows. @returns how many sends fit in this time */
  const sendsIn = (ms: number) => {
    const end = at + ms
    let count = 0
    while (at < end) {
      const wait = limiter.waitMs()
      if (wait > 0) at += wait
      else {
        limiter.spend()
        count += 1
        if (count > 100_000) break
      }
    }
    at = end
    return count
  }
  return { limiter, sendsIn }
}

describe("an account's rate", () => {
  it("is unlimited while WeChat's limit is unknown, also after a 45011", () => {
    const { limiter } = limited()
    limiter.onRateLimited()
    expect(limiter.waitMs()).toBe(0)
  })

  it("keeps to WeChat's limit, with a burst of one second", () => {
    const { limiter, sendsIn } = limited()
    limiter.setRate({ calls: 600, seconds: 60 })
    expect(sendsIn(60_000)).toBeGreaterThanOrEqual(599)
    expect(sendsIn(60_000)).toBeLessThanOrEqual(601)
  })

  it('halves with each 45011 down to one send a second, and rises again without one', () => {
    const { limiter, sendsIn } = limited()
    limiter.setRate({ calls: 600, seconds: 60 })
    limiter.onRateLimited()
    expect(sendsIn(60_000)).toBeLessThanOrEqual(301)
    for (let i = 0; i < 20; i++) limiter.onRateLimited()
    expect(sendsIn(60_000)).toBeGreaterThanOrEqual(59)
    for (let i = 0; i < 10; i++) sendsIn(120_000)
    expect(sendsIn(60_000)).toBeGreaterThanOrEqual(599)
  })

  it('is unchanged when the same limit is set again, and unlimited when the limit is removed', () => {
    const { limiter, sendsIn } = limited()
    limiter.setRate({ calls: 600, seconds: 60 })
    limiter.onRateLimited()
    limiter.setRate({ calls: 600, seconds: 60 })
    expect(sendsIn(60_000)).toBeLessThanOrEqual(301)
    limiter.setRate(null)
    expect(limiter.waitMs()).toBe(0)
  })
})
