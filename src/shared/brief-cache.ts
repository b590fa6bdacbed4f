export interface BriefCache<T> {
  /** @throws what reading throws; it is read anew by the next who asks */
  get(): Promise<T>
  /** Something was written: who asks from now on gets what is read from now on. */
  forget(): void
}

/**
 * What anybody can have us read, read at most once in `ms`: who asks while it is read waits for it, and it is believed for
 * `ms` from when it was there.
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
    forget() {
      latest = null
    },
  }
}
