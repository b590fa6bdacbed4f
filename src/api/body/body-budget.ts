/** Whose bodies: of those who have shown who they are, and of those who have not yet (forms of the sign-in). */
export type BodyPool = 'signed-in' | 'anonymous'

const MIB = 1024 * 1024

/**
 * Bytes of request bodies that this process holds at once, in each share. One share that is used up leaves the other
 * its own: a flood of sign-in forms refuses no operator's call. Callbacks have 32 MiB of their own
 * (`src/callback/admission-control.ts`); together that is the bound on everything that requests hold.
 */
const BODY_LIMITS: Readonly<Record<BodyPool, number>> = {
  'signed-in': 64 * MIB,
  anonymous: 16 * MIB,
}
/** One sender may hold this part of a share, so that it cannot keep all others out. */
const MAX_SENDER_SHARE = 1 / 4
/** Bodies that have not come whole may hold this part of it: however many stall, a form that comes in one go has room. */
const MAX_UNFINISHED_SHARE = 1 / 2

/** What one request holds. */
export interface BodyReservation {
  /**
   * Counts so many bytes more; false, and nothing is counted, when the share has no room for them.
   * @param isWhole nothing comes after them
   */
  grow(bytes: number, isWhole?: boolean): boolean
  /** Gives all of it back; a second call does nothing. */
  release(): void
}

export interface BodyBudget {
  /** @param source its widest network, or the person or token that is signed in; null: not told apart */
  reserve(pool: BodyPool, source: string | null): BodyReservation
  /** Bytes held now. */
  held(pool: BodyPool): number
}

/** Bounds what the bodies of all requests together hold in memory; `onChange` is told of each change. */
export function createBodyBudget(
  onChange: (pool: BodyPool, held: number) => void = () => {},
  limits: Readonly<Record<BodyPool, number>> = BODY_LIMITS,
): BodyBudget {
  const total: Record<BodyPool, number> = { 'signed-in': 0, anonymous: 0 }
  const bySender = new Map<string, number>()
  /** Anonymous bytes of bodies that have not come whole. */
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
      // A person may have the name of an address.
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
