import { createBriefCache } from '../brief-cache.ts'
import type { Db } from '../store/db.ts'
import { knownPlaces, notePlace } from '../store/sign-in-places.ts'
import { keyedHash } from './secret-text.ts'

/** Anybody who tries to sign in has us ask: they are read once a second at most. */
const READ_EVERY_MS = 1_000

/** From which addresses people have signed in: others' tries must not keep them out there. */
export interface KnownPlaces {
  has(name: string, address: string | null): Promise<boolean>
  /** The person has just signed in from there. */
  note(tx: Db, name: string, address: string | null): Promise<void>
}

/** What is kept is a keyed hash: nobody can tell the address from it without the admin token. */
export function createKnownPlaces(deps: {
  db: Db
  adminToken: string
  now(): number
  /** A clock that nobody sets, ms. */
  monotonic?: () => number
}): KnownPlaces {
  const { db, adminToken, now } = deps
  const marks = createBriefCache(() => knownPlaces(db, now()), READ_EVERY_MS, deps.monotonic)
  const markOf = (name: string, address: string) => keyedHash(adminToken, `place\n${name}\n${address}`)
  return {
    has: async (name, address) => address !== null && (await marks.get()).has(markOf(name, address)),
    async note(tx, name, address) {
      if (address === null) return
      await notePlace(tx, name, markOf(name, address), now())
      marks.forget()
    },
  }
}
