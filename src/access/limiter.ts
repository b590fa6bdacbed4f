/** Slows down whoever guesses: so many tries at once, then one in a while. */
export interface Limiter {
  /** Uses one try. Answers 0, or in how many ms there is one again (then none was used). */
  take(key: string): number
  /** The try was a right one. */
  giveBack(key: string): void
  /** In how many ms there is a try; 0: now. */
  waitMs(key: string): number
}

/** Names and addresses are whatever callers send: no more of them than this are remembered, the latest. */
const KEYS_MAX = 10_000

/**
 * The generic cell rate algorithm: one number for each key, the time when its tries are whole again. Own code:
 * rate-limiter-flexible keeps every key that is sent until its timer ends, so that a flood of addresses or names fills
 * the memory, and takes no clock from outside.
 */
export function createLimiter(options: {
  /** Tries at once. */
  burst: number
  /** One more after so many ms. */
  everyMs: number
  now: () => number
  keysMax?: number
}): Limiter {
  const { burst, everyMs, now, keysMax = KEYS_MAX } = options
  const wholeAt = new Map<string, number>()

  const owed = (key: string) => Math.max(0, (wholeAt.get(key) ?? 0) - now())
  const waitMs = (key: string) => Math.max(0, Math.ceil(owed(key) + everyMs - burst * everyMs))
  const set = (key: string, debt: number) => {
    wholeAt.delete(key)
    if (debt <= 0) return
    wholeAt.set(key, now() + debt)
    // The first one is the one that was tried longest ago.
    for (const oldest of wholeAt.keys()) {
      if (wholeAt.size <= keysMax) break
      wholeAt.delete(oldest)
    }
  }
  return {
    waitMs,
    take(key) {
      const wait = waitMs(key)
      if (wait === 0) set(key, owed(key) + everyMs)
      return wait
    },
    giveBack: (key) => set(key, owed(key) - everyMs),
  }
}
