const SECOND_MS = 1_000

/**
 * Looks at something for whoever asks, at most `perSecond` times a second: who asks oftener gets what the latest look
 * found. For what everybody may ask for. Who asks as a probe does, every second or two, always gets a look of its own.
 * @param clock monotonic, ms
 */
export function lookSparingly<T>(
  look: () => Promise<T>,
  perSecond = 20,
  clock: () => number = () => performance.now(),
): () => Promise<T> {
  let second = Number.NEGATIVE_INFINITY
  let looks = 0
  let latest: Promise<T> | null = null
  return () => {
    const now = clock()
    if (now - second >= SECOND_MS) {
      second = now
      looks = 0
    }
    if (latest && looks >= perSecond) return latest
    looks += 1
    latest = look()
    return latest
  }
}
