import { createHash, randomBytes } from 'node:crypto'
import { and, eq, inArray, isNotNull, isNull, max, sql } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { ERASURE_KINDS } from '../inbox/inbox-event.ts'
import {
  accounts,
  bulkJobResults,
  bulkJobRuns,
  deliveries,
  entries,
  followers,
  goals,
  inbox,
  links,
  outbox,
  runs,
  testSends,
} from '../schema.ts'
import { execute } from '../sql.ts'
import { ANONYMOUS_PREFIX, withoutPersonalData } from './anonymise-runs.ts'
import { deleteEntries, entriesOf } from './entries.ts'

/**
 * Stores a request to erase a follower, as the newest event of the follower. The dispatcher executes it in order and retries
 * indefinitely. Until then no send to the follower starts.
 * @returns false when the store knows nothing of the follower
 */
export async function requestErasure(db: Db, follower: FollowerKey, now: number): Promise<boolean> {
  const ofFollower = and(eq(inbox.appId, follower.appId), eq(inbox.openId, follower.openId))
  const waiting = await db
    .select({ id: inbox.id })
    .from(inbox)
    .where(and(ofFollower, inArray(inbox.kind, [...ERASURE_KINDS]), isNull(inbox.dispatchedAt)))
  if (waiting.length > 0) return true
  const [last] = await db
    .select({ at: max(inbox.createTime) })
    .from(inbox)
    .where(ofFollower)
  if (last?.at == null && !(await isKnown(db, follower))) return false
  await db.insert(inbox).values({
    ...follower,
    dedupeKey: `erase-${randomBytes(16).toString('base64url')}`,
    kind: 'erase',
    // Not before the last event of the follower: WeChat's clock may be ahead.
    createTime: Math.max(now, last?.at ?? 0),
    receivedAt: now,
  })
  return true
}

async function isKnown(db: Db, { appId, openId }: FollowerKey): Promise<boolean> {
  const { rows } = await execute(
    db,
    sql`SELECT 1 FROM ${followers} WHERE app_id = ${appId} AND open_id = ${openId}
      UNION ALL SELECT 1 FROM ${runs} WHERE app_id = ${appId} AND open_id = ${openId}
      UNION ALL SELECT 1 FROM ${entries} e WHERE ${entriesOf({ appId, openId })} LIMIT 1`,
  )
  return rows.length > 0
}

/**
 * Erases a follower's personal data from the store. Texts are deleted; counts stay under an anonymous id. Dedupe keys stay in
 * the inbox until their purge. Events that are not dispatched yet belong to a new follower.
 */
export async function eraseFollower(tx: Db, { appId, openId }: FollowerKey): Promise<void> {
  const anonymousId = `${ANONYMOUS_PREFIX}${randomBytes(9).toString('base64url')}`
  const ownRuns = await tx
    .select({ runKey: runs.runKey })
    .from(runs)
    .where(and(eq(runs.appId, appId), eq(runs.openId, openId)))
  for (const { runKey } of ownRuns) {
    // A run key is the dedupe key of the entry, which anybody who knows the follower's id could compute.
    const key = `${ANONYMOUS_PREFIX}${randomBytes(16).toString('base64url')}`
    await tx.update(deliveries).set({ runKey: key, rid: null }).where(eq(deliveries.runKey, runKey))
    await tx.update(goals).set({ runKey: key }).where(eq(goals.runKey, runKey))
    // A rendered URL may contain personal data.
    await tx.delete(links).where(eq(links.runKey, runKey))
    // A job that waits for this run counts one less.
    await tx.delete(bulkJobRuns).where(eq(bulkJobRuns.runKey, runKey))
    // Afterwards: a job may have moved the row meanwhile.
    await tx.delete(bulkJobResults).where(eq(bulkJobResults.runKey, runKey))
    await tx
      .update(runs)
      .set({
        runKey: key,
        openId: anonymousId,
        runId: null,
        ...withoutPersonalData(sql`to_jsonb(${key}::text)`),
      })
      .where(eq(runs.runKey, runKey))
  }
  await tx.delete(followers).where(and(eq(followers.appId, appId), eq(followers.openId, openId)))
  await tx.delete(outbox).where(and(eq(outbox.appId, appId), eq(outbox.openId, openId)))
  await tx.delete(testSends).where(and(eq(testSends.appId, appId), eq(testSends.openId, openId)))
  await tx
    .update(accounts)
    .set({ invalidRecipients: sql`${accounts.invalidRecipients} - ${hashRecipient(openId)}::text` })
    .where(eq(accounts.appId, appId))
  await tx
    .update(inbox)
    .set({ openId: anonymousId, event: null, keptText: null, reply: null, lastError: null })
    .where(and(eq(inbox.appId, appId), eq(inbox.openId, openId), isNotNull(inbox.dispatchedAt)))
  // Last: the purge may have kept entries of the follower's runs meanwhile.
  await deleteEntries(tx, { appId, openId })
}

/** Distinguishes followers that WeChat does not know, without storing their ids. */
export function hashRecipient(openId: string): string {
  return createHash('sha256').update(openId).digest('base64url').slice(0, 16)
}
