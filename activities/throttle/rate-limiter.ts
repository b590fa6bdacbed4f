/** WeChat's rate limit: at most `calls` in `seconds`. */
export interface Rate {
  calls: number
  seconds: number
}

/** The rate is never reduced below this. */
const MIN_CALLS_PER_SECOND = 1
/** After this time without a 45011 the rate rises by half, up to WeChat's limit. */
const RECOVERY_MS = 120_000
const BURST_MS = 1_000

/**
 * One account's token bucket in this worker. It is unlimited until WeChat's limit is known. Each 45011 halves the rate,
 * because other workers use the same limit. Time without a 45011 raises it again.
 */
export interface RateLimiter {
  /** How long a send must wait, ms; 0 when it may start now. */
  waitMs(): number
  /** Counts a send that starts now. */
  spend(): void
  /** Sets the account's limit from `openapi/quota/get`; null when none is known. */
  setRate(rate: Rate | null): void
  /** WeChat answered 45011. */
  onRateLimited(): void
}

/** A limiter without a limit yet. A worker that is started again begins at WeChat's full rate, whatever 45011s it had before. */
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
    // A clock that was set back neither adds nor removes tokens.
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
      // The account was just refused, or this worker is new: the bucket starts empty.
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
