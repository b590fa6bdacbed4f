import { and, eq, gt, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import type { AgentSessionChange } from '../../run/agent-session.ts'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { followers, runs } from '../schema.ts'
import type { PagePurge, TablePage } from '../table-page.ts'

export type FollowerRow = typeof followers.$inferSelect
export type FollowerPatch = Partial<Omit<typeof followers.$inferInsert, 'appId' | 'openId'>>

/** The row of a follower, or null. */
export async function readFollower(db: Db, follower: FollowerKey): Promise<FollowerRow | null> {
  const [row] = await db.select().from(followers).where(byKey(follower))
  return row ?? null
}

/** The rows of some followers. */
export async function readFollowers(
  db: Db,
  wanted: readonly FollowerKey[],
): Promise<(follower: FollowerKey) => FollowerRow | null> {
  if (wanted.length === 0) return () => null
  const keys = sql.join(wanted.map(keyOf), sql`, `)
  const rows = await db.select().from(followers).where(sql`${primaryKey} IN (${keys})`)
  return ({ appId, openId }) => rows.find((row) => row.appId === appId && row.openId === openId) ?? null
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
    resumedAt: null,
    agent: false,
    agentAt: null,
    agentSeq: null,
    paused: false,
    grants: [],
    lastInteractionAt: null,
    messageGrantEndsAt: null,
    unaskedSends: 0,
    attributes: null,
    attributesAt: null,
    own: {},
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

/**
 * Records what the state of a run says about its follower. An opt-out that the follower has ended since does not count: a run
 * may write its end late.
 */
export async function saveFollowerOfRun(
  db: Pick<Db, 'insert'>,
  follower: FollowerKey,
  { paused, optedOutAt }: { paused: boolean; optedOutAt: number | null },
  now: number,
): Promise<void> {
  const { resumedAt } = followers
  const known = followers.optedOutAt
  const later = sql`CASE WHEN ${resumedAt} >= ${optedOutAt}::bigint THEN ${known} ELSE ${optedOutAt}::bigint END`
  await db
    .insert(followers)
    .values({ ...follower, paused, optedOutAt, updatedAt: now })
    .onConflictDoUpdate({
      target: [followers.appId, followers.openId],
      set: { paused, updatedAt: now, ...(optedOutAt === null ? {} : { optedOutAt: later }) },
    })
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

/** Records a change of the session with a human agent, unless a newer one is known. */
export async function recordAgentSession(
  db: Db,
  follower: FollowerKey,
  { open, at, seq }: AgentSessionChange,
  now: number,
): Promise<void> {
  const { agentAt, agentSeq } = followers
  const set = { agent: open, agentAt: at, agentSeq: seq, updatedAt: now }
  await db
    .insert(followers)
    .values({ ...follower, ...set })
    .onConflictDoUpdate({
      target: [followers.appId, followers.openId],
      set,
      setWhere: or(
        isNull(agentAt),
        sql`(${agentAt}, COALESCE(${agentSeq}, 0)) < (${at}::bigint, ${seq}::bigint)`,
      ),
    })
}

function byKey(follower: FollowerKey) {
  return and(eq(followers.appId, follower.appId), eq(followers.openId, follower.openId))
}

/**
 * Deletes the followers of a page that have no run and whose row has not changed since `before`, epoch ms. Id and time of an
 * opt-out are kept, because nothing may start before a newer follow; after an unfollow they are not needed.
 */
export async function purgeFollowers(
  db: Db,
  { before, after, limit }: TablePage<FollowerKey> & { before: number },
): Promise<PagePurge<FollowerKey>> {
  const page = await db
    .select({ appId: followers.appId, openId: followers.openId })
    .from(followers)
    .where(after ? sql`${primaryKey} > ${keyOf(after)}` : undefined)
    .orderBy(followers.appId, followers.openId)
    .limit(limit)
  const last = page.at(-1)
  if (!last) return { changed: 0, next: null }
  const isOld = and(
    after ? sql`${primaryKey} > ${keyOf(after)}` : undefined,
    sql`${primaryKey} <= ${keyOf(last)}`,
    lt(followers.updatedAt, before),
    sql`NOT EXISTS (SELECT 1 FROM ${runs} r WHERE r.app_id = ${followers.appId} AND r.open_id = ${followers.openId})`,
  )
  const isNotOptedOut = or(isNull(followers.optedOutAt), gt(followers.unfollowedAt, followers.optedOutAt))
  const deleted = await db
    .delete(followers)
    .where(and(isOld, isNotOptedOut))
    .returning({ openId: followers.openId })
  const reduced = await db
    .update(followers)
    .set({ ...NO_DETAILS, grants: [], agent: false })
    .where(and(isOld, isNotNull(followers.optedOutAt), hasDetails))
    .returning({ openId: followers.openId })
  return { changed: deleted.length + reduced.length, next: page.length < limit ? null : last }
}

const NO_DETAILS = {
  attributes: null,
  attributesAt: null,
  lastInteractionAt: null,
  messageGrantEndsAt: null,
  agentAt: null,
  agentSeq: null,
  own: {},
}
/** True for a row whose details were not deleted before. */
const hasDetails = or(
  isNotNull(followers.lastInteractionAt),
  isNotNull(followers.attributes),
  isNotNull(followers.agentAt),
  sql`${followers.own} <> '{}'::jsonb`,
)

const primaryKey = sql`(${followers.appId}, ${followers.openId})`

function keyOf({ appId, openId }: FollowerKey) {
  return sql`(${appId}, ${openId})`
}
