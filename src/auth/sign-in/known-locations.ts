import { createBriefCache } from '../../shared/brief-cache.ts'
import type { Db } from '../../store/db.ts'
import { readSignInLocations, recordSignInLocation } from '../../store/users/sign-in-locations.ts'
import { keyedHash } from '../secrets/secret-hash.ts'

/** Anybody who tries to sign in has us ask: they are read once a second at most. */
const CACHE_MS = 1_000

/** From which addresses people have signed in: others' tries must not keep them out there. */
export interface KnownLocations {
  has(name: string, address: string | null): Promise<boolean>
  /** The person has just signed in from there. */
  record(tx: Db, name: string, address: string | null): Promise<void>
}

/** What is kept is a keyed hash: nobody can tell the address from it without the admin token. */
export function createKnownLocations(deps: {
  db: Db
  adminToken: string
  now(): number
  /** A clock that nobody sets, ms. */
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
