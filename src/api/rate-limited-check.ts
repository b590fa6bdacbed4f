const SECOND_MS = 1_000

/**
 * Runs a check at most `perSecond` times a second; further callers get the latest result. For checks that anonymous clients
 * can trigger. A probe that asks every second or two always gets a fresh result.
 * @param clock monotonic, ms
 */
export function rateLimitedCheck<T>(
  check: () => Promise<T>,
  perSecond = 20,
  clock: () => number = () => performance.now(),
): () => Promise<T> {
  let windowStart = Number.NEGATIVE_INFINITY
  let checks = 0
  let latest: Promise<T> | null = null
  return () => {
    const now = clock()
    if (now - windowStart >= SECOND_MS) {
      windowStart = now
      checks = 0
    }
    if (latest && checks >= perSecond) return latest
    checks += 1
    latest = check()
    return latest
  }
}
