/** Limits one account to a share of this worker's send slots, so that an account that hangs does not block the others. */
export interface Bulkhead {
  /** Returns a function that releases the slot, or null when the account already has its share. */
  tryAcquire(appId: string): (() => void) | null
  /** How often the account releases one of its slots, when it holds its share: the mean time between two releases, ms. */
  releaseIntervalMs(appId: string): number
}

/** The weight of the last send in the mean time for which an account holds a slot. */
const LAST_WEIGHT = 0.2
/** The assumption until the account has released a slot, ms. */
const FIRST_HOLD_MS = 250

interface Share {
  held: number
  meanHoldMs: number
}

/** @param slots all send slots of this worker, of which one account may hold a quarter */
export function createBulkhead(slots: number, now: () => number): Bulkhead {
  const share = Math.max(1, Math.floor(slots / 4))
  const shares = new Map<string, Share>()

  function shareOf(appId: string): Share {
    const known = shares.get(appId) ?? { held: 0, meanHoldMs: FIRST_HOLD_MS }
    shares.set(appId, known)
    return known
  }

  return {
    tryAcquire(appId) {
      const own = shareOf(appId)
      if (own.held >= share) return null
      own.held += 1
      const since = now()
      return () => {
        own.held -= 1
        own.meanHoldMs += (Math.max(0, now() - since) - own.meanHoldMs) * LAST_WEIGHT
      }
    },
    releaseIntervalMs: (appId) => shareOf(appId).meanHoldMs / share,
  }
}
