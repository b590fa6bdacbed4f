import { networksOf } from './http/ip-networks.ts'

/** Slows down whoever guesses: so many tries at once, then one in a while. */
export interface AttemptLimiter {
  /** Uses one try. Answers 0, or in how many ms there is one again (then none was used). */
  consume(key: string): number
  /** The try was a right one. */
  refund(key: string): void
  /** In how many ms there is a try; 0: now. */
  waitMs(key: string): number
}

/** Names and addresses are whatever callers send: no more of them than this are remembered, the latest. */
const MAX_KEYS = 10_000

/**
 * The generic cell rate algorithm: one number for each key, the time when its tries are whole again. Own code:
 * rate-limiter-flexible keeps every key that is sent until its timer ends, so that a flood of addresses or names fills
 * the memory, and takes no clock from outside.
 */
export function createAttemptLimiter(options: {
  /** Tries at once. */
  burst: number
  /** One more after so many ms. */
  everyMs: number
  now: () => number
  maxKeys?: number
}): AttemptLimiter {
  const { burst, everyMs, now, maxKeys: keysMax = MAX_KEYS } = options
  const fullAt = new Map<string, number>()

  const debtMs = (key: string) => Math.max(0, (fullAt.get(key) ?? 0) - now())
  const waitMs = (key: string) => Math.max(0, Math.ceil(debtMs(key) + everyMs - burst * everyMs))
  const set = (key: string, debt: number) => {
    fullAt.delete(key)
    if (debt <= 0) return
    fullAt.set(key, now() + debt)
    // The first one is the one that was tried longest ago.
    for (const oldest of fullAt.keys()) {
      if (fullAt.size <= keysMax) break
      fullAt.delete(oldest)
    }
  }
  return {
    waitMs,
    consume(key) {
      const wait = waitMs(key)
      if (wait === 0) set(key, debtMs(key) + everyMs)
      return wait
    },
    refund: (key) => set(key, debtMs(key) - everyMs),
  }
}

/** How many times the tries of one /64 a whole IPv6 /48 has: several people may share it, and 65,536 /64 are in it. */
const WIDER_NETWORK_FACTOR = 3

/** A limiter of clients by their addresses; null (no connection, but this process) is never slowed down. */
export interface NetworkAttemptLimiter {
  consume(address: string | null): void
  refund(address: string | null): void
  waitMs(address: string | null): number
}

/** Counts each try for the address, and for the /48 around an IPv6 one. @see networksOf */
export function createNetworkAttemptLimiter(options: {
  burst: number
  everyMs: number
  now: () => number
}): NetworkAttemptLimiter {
  const { burst, everyMs, now } = options
  const perNetwork = createAttemptLimiter(options)
  const perWiderNetwork = createAttemptLimiter({
    burst: burst * WIDER_NETWORK_FACTOR,
    everyMs: everyMs / WIDER_NETWORK_FACTOR,
    now,
  })
  const keys = (address: string | null): [AttemptLimiter, string][] => {
    if (address === null) return []
    const { network: own, widerNetwork: around } = networksOf(address)
    return [
      [perNetwork, own],
      ...(around === null ? [] : [[perWiderNetwork, around] satisfies [AttemptLimiter, string]]),
    ]
  }
  return {
    waitMs: (address) => Math.max(0, ...keys(address).map(([limiter, key]) => limiter.waitMs(key))),
    consume(address) {
      for (const [limiter, key] of keys(address)) limiter.consume(key)
    },
    refund(address) {
      for (const [limiter, key] of keys(address)) limiter.refund(key)
    },
  }
}
