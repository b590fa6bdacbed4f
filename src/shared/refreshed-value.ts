export interface RefreshedValue<T> {
  /** The value and when it was read, by the clock. Waits for a read only when there is no value, or it is too old. */
  get(): Promise<{ value: T; at: number }>
}

/**
 * Keeps a value that takes long to read. An older value is returned at once while a new one is read, so that nobody waits for it.
 * Concurrent callers share one read.
 * @param read gets a function that tells whether somebody waits for it
 * @param options.freshMs how long a value is returned without a new read
 * @param options.usableMs how long it is returned while a new one is read
 * @param options.clock ms
 */
export function createRefreshedValue<T>(
  read: (isAwaited: () => boolean) => Promise<T>,
  options: { freshMs: number; usableMs: number; clock: () => number },
): RefreshedValue<T> {
  const { freshMs, usableMs, clock } = options
  let latest: { value: T; at: number } | null = null
  let reading: Promise<{ value: T; at: number }> | null = null
  let isAwaited = false
  const refresh = () => {
    reading ??= read(() => isAwaited)
      .then((value) => {
        latest = { value, at: clock() }
        return latest
      })
      .finally(() => {
        reading = null
        isAwaited = false
      })
    return reading
  }
  return {
    async get() {
      const age = latest === null ? Number.POSITIVE_INFINITY : clock() - latest.at
      if (latest && age < freshMs) return latest
      const next = refresh()
      if (latest === null || age >= usableMs) {
        isAwaited = true
        return next
      }
      // The next caller that must wait reports a failure.
      next.catch(() => {})
      return latest
    },
  }
}
