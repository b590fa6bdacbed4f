/** Limits one account to a share of this worker's send slots, so that an account that hangs does not block the others. */
export interface Bulkhead {
  /** Returns a function that releases the slot, or null when the account already has its share. */
  tryAcquire(appId: string): (() => void) | null
}

/** @param slots all send slots of this worker, of which one account may hold a quarter */
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
