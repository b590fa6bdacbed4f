import { createHash, randomBytes } from 'node:crypto'
import { and, eq, inArray, isNotNull, isNull, max, sql } from 'drizzle-orm'
import type { Db } from './db.ts'
import { execute } from './deliveries.ts'
import { FORGET_KINDS } from './inbox-event.ts'
import { type Whose, withoutWords } from './runs.ts'
import { accounts, deliveries, followers, inbox, runs } from './schema.ts'

/** What an anonymous open id and run key begin with. */
const ANONYMOUS = 'anonymous-'

/**
 * Keeps the wish to forget a person, as the last of the person's events: the dispatcher sees to it, in order and for
 * ever, and until it is done no send to this person begins. False when nothing is known of the person.
 */
export async function requestForget(db: Db, whose: Whose, now: number): Promise<boolean> {
  const ofPerson = and(eq(inbox.appId, whose.appId), eq(inbox.openId, whose.openId))
  const waiting = await db
    .select({ id: inbox.id })
    .from(inbox)
    .where(and(ofPerson, inArray(inbox.kind, [...FORGET_KINDS]), isNull(inbox.dispatchedAt)))
  if (waiting.length > 0) return true
  const [last] = await db
    .select({ at: max(inbox.createTime) })
    .from(inbox)
    .where(ofPerson)
  if (last?.at == null && !(await isKnown(db, whose))) return false
  await db.insert(inbox).values({
    ...whose,
    key: `forget-${randomBytes(16).toString('base64url')}`,
    kind: 'forget',
    // Not before what the person did last: a clock of WeChat's may be ahead of ours.
    createTime: Math.max(now, last?.at ?? 0),
    receivedAt: now,
  })
  return true
}

async function isKnown(db: Db, { appId, openId }: Whose): Promise<boolean> {
  const { rows } = await execute(
    db,
    sql`SELECT 1 FROM ${followers} WHERE app_id = ${appId} AND open_id = ${openId}
      UNION ALL SELECT 1 FROM ${runs} WHERE app_id = ${appId} AND open_id = ${openId} LIMIT 1`,
  )
  return rows.length > 0
}

/**
 * Takes a person out of the store: what was written goes, what is counted stays without whose it was. Dedupe keys of the
 * inbox stay for their days. Events that wait to be dispatched are the ones of a new person.
 */
export async function erasePerson(tx: Db, { appId, openId }: Whose): Promise<void> {
  const nobody = `${ANONYMOUS}${randomBytes(9).toString('base64url')}`
  const own = await tx
    .select({ runKey: runs.runKey })
    .from(runs)
    .where(and(eq(runs.appId, appId), eq(runs.openId, openId)))
  for (const { runKey } of own) {
    // A run's key is its entry's dedupe key, which whoever knows the person could compute.
    const key = `${ANONYMOUS}${randomBytes(16).toString('base64url')}`
    await tx.update(deliveries).set({ runKey: key, rid: null }).where(eq(deliveries.runKey, runKey))
    await tx
      .update(runs)
      .set({
        runKey: key,
        openId: nobody,
        runId: null,
        ...withoutWords(sql`to_jsonb(${key}::text)`),
      })
      .where(eq(runs.runKey, runKey))
  }
  await tx.delete(followers).where(and(eq(followers.appId, appId), eq(followers.openId, openId)))
  await tx
    .update(accounts)
    .set({ badFollowers: sql`${accounts.badFollowers} - ${badFollowerMark(openId)}::text` })
    .where(eq(accounts.appId, appId))
  await tx
    .update(inbox)
    .set({ openId: nobody, event: null, reply: null, lastError: null })
    .where(and(eq(inbox.appId, appId), eq(inbox.openId, openId), isNotNull(inbox.dispatchedAt)))
}

/** Tells followers whom WeChat does not know from each other, without their ids. */
export function badFollowerMark(openId: string): string {
  return createHash('sha256').update(openId).digest('base64url').slice(0, 16)
}
