/** So many calls in so many seconds, as WeChat names it. */
export interface Rate {
  calls: number
  seconds: number
}

/** A pace this slow is kept up whatever WeChat says: one send a second. */
const MIN_CALLS_PER_SECOND = 1
/** So long without a 45011, and the pace rises by half, up to WeChat's rate. */
const RECOVERY_MS = 120_000
const BURST_MS = 1_000

/**
 * One account's token bucket in this worker. Unlimited until WeChat has said 45011 and named a rate; each further 45011
 * halves the pace, since other workers spend from the same rate, and calm raises it again.
 */
export interface RateLimiter {
  /** How long until a send may go, ms; 0: now. */
  waitMs(): number
  spend(): void
  /** The account's rate by `openapi/quota/get`; null: none is known. */
  setRate(rate: Rate | null): void
  /** WeChat said 45011. */
  onRateLimited(): void
}

export function createRateLimiter(now: () => number): RateLimiter {
  let limitPerMs: number | null = null
  let perMs = Number.POSITIVE_INFINITY
  let tokens = 0
  let filledAt = now()
  let changedAt = now()

  const capacity = () => Math.max(1, perMs * BURST_MS)

  function refill(): void {
    const at = now()
    if (limitPerMs !== null && perMs < limitPerMs && at - changedAt >= RECOVERY_MS) {
      perMs = Math.min(limitPerMs, perMs * 1.5)
      changedAt = at
    }
    // A clock that was set back gives nothing and takes nothing.
    tokens = Math.min(capacity(), tokens + Math.max(0, at - filledAt) * perMs)
    filledAt = at
  }

  return {
    waitMs() {
      if (limitPerMs === null) return 0
      refill()
      return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / perMs)
    },
    spend() {
      if (limitPerMs !== null) tokens -= 1
    },
    setRate(rate) {
      const limit = rate && rate.calls > 0 && rate.seconds > 0 ? rate.calls / rate.seconds / 1_000 : null
      if (limit === limitPerMs) return
      limitPerMs = limit
      perMs = limit ?? Number.POSITIVE_INFINITY
      // It was just refused, or this worker is new: nothing is left over.
      tokens = 0
      filledAt = now()
      changedAt = now()
    },
    onRateLimited() {
      if (limitPerMs === null) return
      perMs = Math.max(MIN_CALLS_PER_SECOND / 1_000, perMs / 2)
      tokens = 0
      changedAt = now()
    },
  }
}
