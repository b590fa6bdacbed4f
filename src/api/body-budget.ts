/** Whose bodies: of those who have shown who they are, and of those who have not yet (forms of the sign-in). */
export type BodyShare = 'signed-in' | 'anonymous'

const MIB = 1024 * 1024

/**
 * Bytes of request bodies that this process holds at once, in each share. One share that is used up leaves the other
 * its own: a flood of sign-in forms refuses no operator's call. Callbacks have 32 MiB of their own
 * (`src/intake/places.ts`); together that is the bound on everything that requests hold.
 */
const BODY_LIMITS: Readonly<Record<BodyShare, number>> = {
  'signed-in': 64 * MIB,
  anonymous: 16 * MIB,
}
/** One sender may hold this part of a share, so that it cannot keep all others out. */
const SENDER_PART = 1 / 4
/** Bodies that have not come whole may hold this part of it: however many stall, a form that comes in one go has room. */
const UNFINISHED_PART = 1 / 2

/** What one request holds. */
export interface BodyHold {
  /**
   * Counts so many bytes more; false, and nothing is counted, when the share has no room for them.
   * @param isWhole nothing comes after them
   */
  grow(bytes: number, isWhole?: boolean): boolean
  /** Gives all of it back; a second call does nothing. */
  release(): void
}

export interface BodyBudget {
  /** @param from its widest network, or the person or token that is signed in; null: not told apart */
  open(share: BodyShare, from: string | null): BodyHold
  /** Bytes held now. */
  held(share: BodyShare): number
}

/** Bounds what the bodies of all requests together hold in memory; `onChange` is told of each change. */
export function createBodyBudget(
  onChange: (share: BodyShare, held: number) => void = () => {},
  limits: Readonly<Record<BodyShare, number>> = BODY_LIMITS,
): BodyBudget {
  const total: Record<BodyShare, number> = { 'signed-in': 0, anonymous: 0 }
  const bySender = new Map<string, number>()
  /** Anonymous bytes of bodies that have not come whole. */
  let unfinished = 0
  const change = (share: BodyShare, sender: string | null, by: number) => {
    total[share] += by
    if (sender !== null) {
      const left = (bySender.get(sender) ?? 0) + by
      if (left > 0) bySender.set(sender, left)
      else bySender.delete(sender)
    }
    onChange(share, total[share])
  }
  const hasRoom = (share: BodyShare, sender: string | null, bytes: number, isWhole: boolean) => {
    if (total[share] + bytes > limits[share]) return false
    if (sender !== null && (bySender.get(sender) ?? 0) + bytes > limits[share] * SENDER_PART) return false
    return share !== 'anonymous' || isWhole || unfinished + bytes <= limits.anonymous * UNFINISHED_PART
  }
  return {
    held: (share) => total[share],
    open(share, from) {
      // A person may have the name of an address.
      const sender = from === null ? null : `${share} ${from}`
      let mine = 0
      let mineUnfinished = 0
      const setUnfinished = (bytes: number) => {
        if (share === 'anonymous') unfinished += bytes - mineUnfinished
        mineUnfinished = bytes
      }
      return {
        grow(bytes, isWhole = false) {
          if (!hasRoom(share, sender, bytes, isWhole)) return false
          mine += bytes
          setUnfinished(isWhole ? 0 : mine)
          change(share, sender, bytes)
          return true
        },
        release() {
          setUnfinished(0)
          if (mine === 0) return
          change(share, sender, -mine)
          mine = 0
        },
      }
    },
  }
}
