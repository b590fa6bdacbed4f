import { and, eq, gt, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { followers, runs } from '../schema.ts'

export type FollowerRow = typeof followers.$inferSelect
export type FollowerPatch = Partial<Omit<typeof followers.$inferInsert, 'appId' | 'openId'>>

/** The row of a follower, or null. */
export async function readFollower(db: Db, follower: FollowerKey): Promise<FollowerRow | null> {
  const [row] = await db.select().from(followers).where(byKey(follower))
  return row ?? null
}

/** The row of an unknown follower, with the defaults of the schema. */
export function newFollowerRow({ appId, openId }: FollowerKey): FollowerRow {
  return {
    appId,
    openId,
    followedAt: null,
    followedSeq: null,
    unfollowedAt: null,
    unfollowedSeq: null,
    optedOutAt: null,
    agent: false,
    agentAt: null,
    agentSeq: null,
    paused: false,
    grants: [],
    lastInteractionAt: null,
    attributes: null,
    attributesAt: null,
    updatedAt: 0,
  }
}

/** Updates a follower's row, or inserts it. */
export async function saveFollower(
  db: Pick<Db, 'insert'>,
  follower: FollowerKey,
  patch: FollowerPatch,
  now: number,
): Promise<void> {
  await upsertFollower(db, follower, patch, now)
}

/** The statement of `saveFollower`. */
export function upsertFollower(
  db: Pick<Db, 'insert'>,
  follower: FollowerKey,
  patch: FollowerPatch,
  now: number,
) {
  const set = { ...patch, updatedAt: now }
  return db
    .insert(followers)
    .values({ ...follower, ...set })
    .onConflictDoUpdate({ target: [followers.appId, followers.openId], set })
}

function byKey(follower: FollowerKey) {
  return and(eq(followers.appId, follower.appId), eq(followers.openId, follower.openId))
}

/**
 * Deletes followers without a run whose row has not changed since `before`. Id and time of an opt-out are kept, because
 * nothing may start before a newer follow; after an unfollow they are not needed.
 */
export async function purgeFollowers(db: Db, before: number): Promise<void> {
  const hasNoRun = sql`NOT EXISTS (SELECT 1 FROM ${runs} r
    WHERE r.app_id = ${followers.appId} AND r.open_id = ${followers.openId})`
  await db
    .delete(followers)
    .where(
      and(
        lt(followers.updatedAt, before),
        or(isNull(followers.optedOutAt), gt(followers.unfollowedAt, followers.optedOutAt)),
        hasNoRun,
      ),
    )
  await db
    .update(followers)
    .set({
      grants: [],
      attributes: null,
      attributesAt: null,
      lastInteractionAt: null,
      agent: false,
      agentAt: null,
      agentSeq: null,
    })
    .where(and(lt(followers.updatedAt, before), isNotNull(followers.optedOutAt), hasNoRun))
}
