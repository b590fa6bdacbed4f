import { and, eq, gt, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { signInPlaces } from '../schema.ts'

/** A place that nobody has signed in from for so long is as good as none. */
const LOCATION_LIFETIME_MS = 90 * 86_400_000
/** Of one person: the latest. */
const MAX_LOCATIONS_PER_USER = 20

/** The marks of all places where people have signed in. A mark: a keyed hash of name and address. */
export async function readSignInLocations(db: Db, now: number): Promise<ReadonlySet<string>> {
  const found = await db
    .select({ mark: signInPlaces.mark })
    .from(signInPlaces)
    .where(gt(signInPlaces.lastAt, now - LOCATION_LIFETIME_MS))
  return new Set(found.map(({ mark }) => mark))
}

/** The person has just signed in from there. */
export async function recordSignInLocation(
  tx: Db,
  userName: string,
  mark: string,
  now: number,
): Promise<void> {
  await tx
    .insert(signInPlaces)
    .values({ userName, mark, lastAt: now })
    .onConflictDoUpdate({
      target: [signInPlaces.userName, signInPlaces.mark],
      set: { lastAt: now },
    })
  const oldest = tx
    .select({ mark: signInPlaces.mark })
    .from(signInPlaces)
    .where(eq(signInPlaces.userName, userName))
    .orderBy(sql`${signInPlaces.lastAt} DESC, ${signInPlaces.mark}`)
    .offset(MAX_LOCATIONS_PER_USER)
  await tx
    .delete(signInPlaces)
    .where(and(eq(signInPlaces.userName, userName), inArray(signInPlaces.mark, oldest)))
}

/** The purge of what is too old to count. */
export async function purgeSignInLocations(db: Db, now: number): Promise<void> {
  await db.delete(signInPlaces).where(lt(signInPlaces.lastAt, now - LOCATION_LIFETIME_MS))
}
