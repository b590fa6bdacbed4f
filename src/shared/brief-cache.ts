export interface BriefCache<T> {
  /** @throws what `read` throws; the next call reads again */
  get(): Promise<T>
  /** Call after a write: later calls of `get` read again. */
  invalidate(): void
}

/**
 * Caches one value that unauthenticated requests can cause to be read. Concurrent callers share one read.
 * @param ms how long a value is valid, counted from the end of its read
 * @param clock monotonic, ms
 */
export function createBriefCache<T>(
  read: () => Promise<T>,
  ms: number,
  clock: () => number = () => performance.now(),
): BriefCache<T> {
  let latest: { value: Promise<T>; until: number } | null = null
  return {
    get() {
      if (latest && clock() < latest.until) return latest.value
      const reading = { value: read(), until: Number.POSITIVE_INFINITY }
      latest = reading
      reading.value.then(
        () => {
          reading.until = clock() + ms
        },
        () => {
          if (latest === reading) latest = null
        },
      )
      return reading.value
    },
    invalidate() {
      latest = null
    },
  }
}
