import { and, eq, gt, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { signInLocations } from '../schema.ts'

/** An unused location expires after this time. */
const LOCATION_LIFETIME_MS = 90 * 86_400_000
/** Locations per user. The last used ones are kept. */
const MAX_LOCATIONS_PER_USER = 20

/** All locations that users have signed in from. A locationHash is a keyed hash of name and address. */
export async function readSignInLocations(db: Db, now: number): Promise<ReadonlySet<string>> {
  const found = await db
    .select({ locationHash: signInLocations.locationHash })
    .from(signInLocations)
    .where(gt(signInLocations.lastUsedAt, now - LOCATION_LIFETIME_MS))
  return new Set(found.map(({ locationHash }) => locationHash))
}

/** Records that a user has just signed in from a location. */
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

/** Deletes expired locations. */
export async function purgeSignInLocations(db: Db, now: number): Promise<void> {
  await db.delete(signInLocations).where(lt(signInLocations.lastUsedAt, now - LOCATION_LIFETIME_MS))
}
