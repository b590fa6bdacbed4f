import { and, eq, gt, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { signInLocations } from '../schema.ts'

/** A place that nobody has signed in from for so long is as good as none. */
const LOCATION_LIFETIME_MS = 90 * 86_400_000
/** Of one person: the latest. */
const MAX_LOCATIONS_PER_USER = 20

/** The hashes of all places where people have signed in. A locationHash: a keyed hash of name and address. */
export async function readSignInLocations(db: Db, now: number): Promise<ReadonlySet<string>> {
  const found = await db
    .select({ locationHash: signInLocations.locationHash })
    .from(signInLocations)
    .where(gt(signInLocations.lastUsedAt, now - LOCATION_LIFETIME_MS))
  return new Set(found.map(({ locationHash }) => locationHash))
}

/** The person has just signed in from there. */
export async function recordSignInLocation(
  tx: Db,
  userName: string,
  locationHash: string,
  now: number,
): Promise<void> {
  await tx
    .insert(signInLocations)
    .values({ userName, locationHash, lastUsedAt: now })
    .onConflictDoUpdate({
      target: [signInLocations.userName, signInLocations.locationHash],
      set: { lastUsedAt: now },
    })
  const oldest = tx
    .select({ locationHash: signInLocations.locationHash })
    .from(signInLocations)
    .where(eq(signInLocations.userName, userName))
    .orderBy(sql`${signInLocations.lastUsedAt} DESC, ${signInLocations.locationHash}`)
    .offset(MAX_LOCATIONS_PER_USER)
  await tx
    .delete(signInLocations)
    .where(and(eq(signInLocations.userName, userName), inArray(signInLocations.locationHash, oldest)))
}

/** The purge of what is too old to count. */
export async function purgeSignInLocations(db: Db, now: number): Promise<void> {
  await db.delete(signInLocations).where(lt(signInLocations.lastUsedAt, now - LOCATION_LIFETIME_MS))
}
