import { networksOf } from './http/ip-networks.ts'

/** Limits attempts per key: a burst, then one attempt per interval. */
export interface AttemptLimiter {
  /** Uses one attempt. Returns 0, or the ms until the next one is possible; then none was used. */
  consume(key: string): number
  /** Returns the attempt, because it was correct. */
  refund(key: string): void
  /** The ms until the next attempt is possible; 0: now. */
  waitMs(key: string): number
}

/** Callers choose names and addresses, so only the most recent keys are kept. */
const MAX_KEYS = 10_000

/**
 * The generic cell rate algorithm: one number per key, the time at which all its attempts are available again. This is own
 * code because rate-limiter-flexible keeps every key until its timer ends, so a burst of addresses or names fills the memory.
 * It also accepts no clock.
 */
export function createAttemptLimiter(options: {
  /** Attempts at once. */
  burst: number
  /** The interval after which one attempt is added, ms. */
  everyMs: number
  now: () => number
  maxKeys?: number
}): AttemptLimiter {
  const { burst, everyMs, now, maxKeys = MAX_KEYS } = options
  const fullAt = new Map<string, number>()

  const debtMs = (key: string) => Math.max(0, (fullAt.get(key) ?? 0) - now())
  const waitMs = (key: string) => Math.max(0, Math.ceil(debtMs(key) + everyMs - burst * everyMs))
  const set = (key: string, debt: number) => {
    fullAt.delete(key)
    if (debt <= 0) return
    fullAt.set(key, now() + debt)
    // The first key is the one whose last attempt is the oldest.
    for (const oldest of fullAt.keys()) {
      if (fullAt.size <= maxKeys) break
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

/** An IPv6 /48 has this many times the attempts of one /64. Several people may share it, and it has 65,536 /64 networks. */
const WIDER_NETWORK_FACTOR = 3

/** Limits attempts per client address. null (a call within this process) is not limited. */
export interface NetworkAttemptLimiter {
  consume(address: string | null): void
  refund(address: string | null): void
  waitMs(address: string | null): number
}

/** Counts each attempt for the address, and for the /48 of an IPv6 address. @see networksOf */
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
    const { network, widerNetwork } = networksOf(address)
    return [
      [perNetwork, network],
      ...(widerNetwork === null ? [] : [[perWiderNetwork, widerNetwork] satisfies [AttemptLimiter, string]]),
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
