import { describe, expect, it } from 'vitest'
import { createRateLimiter } from './rate-limiter.ts'

function limited() {
  let at = 1_000_000
  const limiter = createRateLimiter(() => at)
  /** How many sends go in so many ms, each as soon as it may. */
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
  return { pace: limiter, sendsIn }
}

describe("an account's pace", () => {
  it('is unlimited while WeChat has named no rate, also after a 45011', () => {
    const { pace: limiter } = limited()
    limiter.onRateLimited()
    expect(limiter.waitMs()).toBe(0)
  })

  it('keeps to the rate that WeChat names, with a second of burst', () => {
    const { pace: limiter, sendsIn } = limited()
    limiter.setRate({ calls: 600, seconds: 60 })
    expect(sendsIn(60_000)).toBeGreaterThanOrEqual(599)
    expect(sendsIn(60_000)).toBeLessThanOrEqual(601)
  })

  it('halves with each 45011, never below one a second, and rises again in calm', () => {
    const { pace: limiter, sendsIn } = limited()
    limiter.setRate({ calls: 600, seconds: 60 })
    limiter.onRateLimited()
    expect(sendsIn(60_000)).toBeLessThanOrEqual(301)
    for (let i = 0; i < 20; i++) limiter.onRateLimited()
    expect(sendsIn(60_000)).toBeGreaterThanOrEqual(59)
    for (let i = 0; i < 10; i++) sendsIn(120_000)
    expect(sendsIn(60_000)).toBeGreaterThanOrEqual(599)
  })

  it('told the same rate again keeps its pace; told none, lets everything go', () => {
    const { pace: limiter, sendsIn } = limited()
    limiter.setRate({ calls: 600, seconds: 60 })
    limiter.onRateLimited()
    limiter.setRate({ calls: 600, seconds: 60 })
    expect(sendsIn(60_000)).toBeLessThanOrEqual(301)
    limiter.setRate(null)
    expect(limiter.waitMs()).toBe(0)
  })
})
