import { networksOf } from './networks.ts'

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

/** How many times the tries of one /64 a whole IPv6 /48 has: several people may share it, and 65,536 /64 are in it. */
const AROUND_TIMES = 3

/** A limiter of clients by their addresses; null (no connection, but this process) is never slowed down. */
export interface NetworkLimiter {
  take(address: string | null): void
  giveBack(address: string | null): void
  waitMs(address: string | null): number
}

/** Counts each try for the address, and for the /48 around an IPv6 one. @see networksOf */
export function createNetworkLimiter(options: {
  burst: number
  everyMs: number
  now: () => number
}): NetworkLimiter {
  const { burst, everyMs, now } = options
  const owns = createLimiter(options)
  const arounds = createLimiter({ burst: burst * AROUND_TIMES, everyMs: everyMs / AROUND_TIMES, now })
  const keys = (address: string | null): [Limiter, string][] => {
    if (address === null) return []
    const { own, around } = networksOf(address)
    return [[owns, own], ...(around === null ? [] : [[arounds, around] satisfies [Limiter, string]])]
  }
  return {
    waitMs: (address) => Math.max(0, ...keys(address).map(([limiter, key]) => limiter.waitMs(key))),
    take(address) {
      for (const [limiter, key] of keys(address)) limiter.take(key)
    },
    giveBack(address) {
      for (const [limiter, key] of keys(address)) limiter.giveBack(key)
    },
  }
}
