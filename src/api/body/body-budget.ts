/** Bodies of authenticated requests, and bodies of anonymous ones (the sign-in forms). */
export type BodyPool = 'signed-in' | 'anonymous'

const MIB = 1024 * 1024

/**
 * Bytes of request bodies that this process holds at once, per pool. The pools are independent: a burst of sign-in forms
 * does not refuse a call of an operator. Callbacks have another 32 MiB (`src/callback/admission/admission-control.ts`).
 */
const BODY_LIMITS: Readonly<Record<BodyPool, number>> = {
  'signed-in': 64 * MIB,
  anonymous: 16 * MIB,
}
/** The part of a pool that one sender may hold, so that it cannot keep all others out. */
const MAX_SENDER_SHARE = 1 / 4
/** The part of the anonymous pool for incomplete bodies. However many stall, a form that arrives in one piece has room. */
const MAX_UNFINISHED_SHARE = 1 / 2

/** The bytes that one request holds. */
export interface BodyReservation {
  /**
   * Adds bytes. Returns false, and adds nothing, if the pool has no room for them.
   * @param isWhole the body is complete with these bytes
   */
  grow(bytes: number, isWhole?: boolean): boolean
  /** Releases all bytes. A second call has no effect. */
  release(): void
}

export interface BodyBudget {
  /** @param source the widest network of an anonymous client, or the authenticated user or token; null: no limit per sender */
  reserve(pool: BodyPool, source: string | null): BodyReservation
  /** Bytes that are held now. */
  held(pool: BodyPool): number
}

/** Bounds the memory that the bodies of all requests hold together. @param onChange is called after each change */
export function createBodyBudget(
  onChange: (pool: BodyPool, held: number) => void = () => {},
  limits: Readonly<Record<BodyPool, number>> = BODY_LIMITS,
): BodyBudget {
  const total: Record<BodyPool, number> = { 'signed-in': 0, anonymous: 0 }
  const bySender = new Map<string, number>()
  /** Bytes of incomplete anonymous bodies. */
  let unfinished = 0
  const change = (pool: BodyPool, sender: string | null, by: number) => {
    total[pool] += by
    if (sender !== null) {
      const left = (bySender.get(sender) ?? 0) + by
      if (left > 0) bySender.set(sender, left)
      else bySender.delete(sender)
    }
    onChange(pool, total[pool])
  }
  const hasRoom = (pool: BodyPool, sender: string | null, bytes: number, isWhole: boolean) => {
    if (total[pool] + bytes > limits[pool]) return false
    if (sender !== null && (bySender.get(sender) ?? 0) + bytes > limits[pool] * MAX_SENDER_SHARE) return false
    return pool !== 'anonymous' || isWhole || unfinished + bytes <= limits.anonymous * MAX_UNFINISHED_SHARE
  }
  return {
    held: (pool) => total[pool],
    reserve(pool, source) {
      // A user name may look like an address.
      const sender = source === null ? null : `${pool} ${source}`
      let reserved = 0
      let reservedUnfinished = 0
      const setUnfinished = (bytes: number) => {
        if (pool === 'anonymous') unfinished += bytes - reservedUnfinished
        reservedUnfinished = bytes
      }
      return {
        grow(bytes, isWhole = false) {
          if (!hasRoom(pool, sender, bytes, isWhole)) return false
          reserved += bytes
          setUnfinished(isWhole ? 0 : reserved)
          change(pool, sender, bytes)
          return true
        },
        release() {
          setUnfinished(0)
          if (reserved === 0) return
          change(pool, sender, -reserved)
          reserved = 0
        },
      }
    },
  }
}
