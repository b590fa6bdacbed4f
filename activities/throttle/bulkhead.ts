/** Lets one account hold a share of this worker's send slots, so that one that hangs leaves room for the others. */
export interface Bulkhead {
  /** A function that gives the slot back, or null when the account has its share. */
  tryAcquire(appId: string): (() => void) | null
}

/** @param slots this worker's send slots in all; one account may hold a quarter of them */
export function createBulkhead(slots: number): Bulkhead {
  const share = Math.max(1, Math.floor(slots / 4))
  const held = new Map<string, number>()
  return {
    tryAcquire(appId) {
      const now = held.get(appId) ?? 0
      if (now >= share) return null
      held.set(appId, now + 1)
      return () => {
        const left = (held.get(appId) ?? 1) - 1
        if (left > 0) held.set(appId, left)
        else held.delete(appId)
      }
    },
  }
}
