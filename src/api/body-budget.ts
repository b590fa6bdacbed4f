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
/** One address may hold this part of the anonymous share, so that it cannot keep all others from the sign-in. */
const ADDRESS_PART = 1 / 4

/** What one request holds. */
export interface BodyHold {
  /** Counts so many bytes more; false, and nothing is counted, when the share has no room for them. */
  grow(bytes: number): boolean
  /** Gives all of it back; a second call does nothing. */
  release(): void
}

export interface BodyBudget {
  /** @param address who sends it, where one sender must not use up the share; null: not told apart */
  open(share: BodyShare, address: string | null): BodyHold
  /** Bytes held now. */
  held(share: BodyShare): number
}

/** Bounds what the bodies of all requests together hold in memory; `onChange` is told of each change. */
export function createBodyBudget(
  onChange: (share: BodyShare, held: number) => void = () => {},
  limits: Readonly<Record<BodyShare, number>> = BODY_LIMITS,
): BodyBudget {
  const total: Record<BodyShare, number> = { 'signed-in': 0, anonymous: 0 }
  const byAddress = new Map<string, number>()
  const change = (share: BodyShare, address: string | null, by: number) => {
    total[share] += by
    if (address !== null) {
      const left = (byAddress.get(address) ?? 0) + by
      if (left > 0) byAddress.set(address, left)
      else byAddress.delete(address)
    }
    onChange(share, total[share])
  }
  return {
    held: (share) => total[share],
    open(share, address) {
      let mine = 0
      return {
        grow(bytes) {
          if (total[share] + bytes > limits[share]) return false
          const ofAddress = address === null ? 0 : (byAddress.get(address) ?? 0)
          if (address !== null && ofAddress + bytes > limits[share] * ADDRESS_PART) return false
          mine += bytes
          change(share, address, bytes)
          return true
        },
        release() {
          if (mine === 0) return
          change(share, address, -mine)
          mine = 0
        },
      }
    },
  }
}
