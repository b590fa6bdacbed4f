import { createBriefCache } from '../../shared/brief-cache.ts'
import type { Db } from '../../store/db.ts'
import { readSignInLocations, recordSignInLocation } from '../../store/users/sign-in-locations.ts'
import { keyedHash } from '../secrets/secret-hash.ts'

/** Anonymous clients trigger this query with each sign-in attempt, so it runs at most once a second. */
const CACHE_MS = 1_000

/** The addresses from which users have signed in. Attempts of others must not lock a user out there. */
export interface KnownLocations {
  has(name: string, address: string | null): Promise<boolean>
  /** Records a sign-in from this address. */
  record(tx: Db, name: string, address: string | null): Promise<void>
}

/** Only a keyed hash is stored: the address cannot be recovered without the admin token. */
export function createKnownLocations(deps: {
  db: Db
  adminToken: string
  now(): number
  /** A monotonic clock, ms. */
  monotonic?: () => number
}): KnownLocations {
  const { db, adminToken, now } = deps
  const knownHashes = createBriefCache(() => readSignInLocations(db, now()), CACHE_MS, deps.monotonic)
  const hashLocation = (name: string, address: string) => keyedHash(adminToken, `place\n${name}\n${address}`)
  return {
    has: async (name, address) =>
      address !== null && (await knownHashes.get()).has(hashLocation(name, address)),
    async record(tx, name, address) {
      if (address === null) return
      await recordSignInLocation(tx, name, hashLocation(name, address), now())
      knownHashes.invalidate()
    },
  }
}
