const SECOND_MS = 1_000

/**
 * Looks at something for whoever asks, at most `perSecond` times a second: who asks oftener gets what the latest look
 * found. For what everybody may ask for. Who asks as a probe does, every second or two, always gets a look of its own.
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
