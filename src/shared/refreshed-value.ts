import { SECOND_MS } from './time-units.ts'

/** A value, and when it had been read, by the clock. */
interface Read<T> {
  value: T
  at: number
}

export interface RefreshedValue<T> {
  /** Waits for a read only when there is no value, or it is too old. */
  get(): Promise<Read<T>>
}

/** A value that takes long to read is not read again sooner than this, and is not used longer, ms. */
const MOST = { freshMs: 30 * SECOND_MS, usableMs: 60 * SECOND_MS }

/**
 * Ages of a value that is kept longer the longer its read took, so that no more than a quarter of the time is spent on reads.
 * @param least of a value that was read at once
 */
export function agesByReadTime(least: { freshMs: number; usableMs: number }) {
  const within = (name: keyof typeof MOST, ms: number) => Math.min(Math.max(ms, least[name]), MOST[name])
  return {
    freshMs: (tookMs: number) => within('freshMs', 3 * tookMs),
    usableMs: (tookMs: number) => within('usableMs', 30 * tookMs),
  }
}

/** A time in ms, or that of a value whose read took `tookMs`. */
type Age = number | ((tookMs: number) => number)

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
  options: { freshMs: Age; usableMs: Age; clock: () => number },
): RefreshedValue<T> {
  const { freshMs, usableMs, clock } = options
  let latest: (Read<T> & { tookMs: number }) | null = null
  let reading: Promise<Read<T>> | null = null
  let isAwaited = false
  const refresh = () => {
    const began = performance.now()
    reading ??= read(() => isAwaited)
      .then((value) => {
        latest = { value, at: clock(), tookMs: performance.now() - began }
        return latest
      })
      .finally(() => {
        reading = null
        isAwaited = false
      })
    return reading
  }
  const isYounger = (age: Age) => {
    if (!latest) return false
    const ageMs = clock() - latest.at
    // A clock that was set back would keep the value until it is again where it was.
    return ageMs >= 0 && ageMs < (typeof age === 'number' ? age : age(latest.tookMs))
  }
  return {
    async get() {
      if (latest && isYounger(freshMs)) return latest
      const next = refresh()
      if (!latest || !isYounger(usableMs)) {
        isAwaited = true
        return next
      }
      // The next caller that must wait reports a failure.
      next.catch(() => {})
      return latest
    },
  }
}
