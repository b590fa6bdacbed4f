import { and, eq, gt, inArray, isNotNull, ne, sql } from 'drizzle-orm'
import { truncateText } from '../../shared/text.ts'
import type { Db } from '../db.ts'
import { accounts, campaignStatistics, inbox } from '../schema.ts'
import { execute } from '../sql.ts'
import { answerMetrics } from '../statistics/answer-metrics.ts'
import { isRefusedData } from '../store-error.ts'
import type { PagePurge, TablePage } from '../table-page.ts'
import type { DispatchedEvent, InboxEvent } from './inbox-event.ts'

/** A row as the dispatcher reads it: without the text that stays after it. */
export type InboxRow = Omit<typeof inbox.$inferSelect, 'keptText'>

/** The columns that the store adds to an undispatched event. */
export const UNDISPATCHED_COLUMNS = {
  answered: null,
  answeredDay: null,
  dispatchedAt: null,
  result: null,
  leaseOwnerId: null,
  leaseExpiresAt: null,
  attempts: 0,
  retryAt: null,
  lastError: null,
}

export interface NewInboxRow {
  appId: string
  openId: string
  /** The same for all deliveries of one event by WeChat; see `inboxKey`. */
  dedupeKey: string
  kind: string
  /** Epoch ms of `CreateTime`. */
  createTime: number
  receivedAt: number
  event: InboxEvent
  /** The passive reply. A duplicate gets the same reply. */
  reply: unknown
  /** The row of `answers` that the reply is from; absent: none. */
  answered?: string | null
  /** The local day of that answer, `YYYY-MM-DD`. */
  answeredDay?: string | null
}

/** `reply`: the stored passive reply for the event and its duplicates. */
export type Accepted = { fresh: true; id: number; reply: unknown } | { fresh: false; reply: unknown }

/** Stores a callback durably, once. A duplicate gets the first reply. */
export async function acceptCallback(db: Db, row: NewInboxRow): Promise<Accepted> {
  const [accepted] = await insertRows(db, [row])
  if (!accepted) throw new Error('The inbox returned no result for a row')
  return accepted
}

/**
 * Stores many callbacks in one statement and in order. The results have the same order; a row that the database refuses has an
 * Error. Rejects when the database does not answer.
 */
export async function acceptCallbacks(db: Db, rows: NewInboxRow[]): Promise<(Accepted | Error)[]> {
  try {
    return await insertRows(db, rows)
  } catch (err) {
    if (!isRefusedData(err)) throw err
    if (rows.length === 1) return [err]
  }
  const results: (Accepted | Error)[] = []
  for (const row of rows) {
    results.push(await acceptCallback(db, row).catch((err: unknown) => refusalOrThrow(err)))
  }
  return results
}

async function insertRows(db: Db, rows: NewInboxRow[]): Promise<Accepted[]> {
  const inserted = await db
    .insert(inbox)
    .values(rows)
    .onConflictDoNothing({ target: inbox.dedupeKey })
    .returning({ id: inbox.id, key: inbox.dedupeKey })
  const fresh = new Map(inserted.map(({ key, id }) => [key, id]))
  const known = rows
    .map((r) => r.dedupeKey)
    .filter((key, i, all) => !fresh.has(key) || all.indexOf(key) !== i)
  const replies = new Map<string, unknown>()
  if (known.length > 0) {
    const found = await db
      .select({ key: inbox.dedupeKey, reply: inbox.reply })
      .from(inbox)
      .where(inArray(inbox.dedupeKey, known))
    for (const { key, reply } of found) replies.set(key, reply)
  }
  return rows.map(({ dedupeKey: key, reply }) => {
    const id = fresh.get(key)
    // Of two equal keys in a batch, the first row was inserted and the second is its duplicate.
    fresh.delete(key)
    return id === undefined ? { fresh: false, reply: replies.get(key) ?? null } : { fresh: true, id, reply }
  })
}

/** Deletes stored replies that must not be sent. */
export async function withdrawReplies(db: Db, keys: readonly string[]): Promise<void> {
  await db
    .update(inbox)
    .set({ reply: null })
    .where(inArray(inbox.dedupeKey, [...keys]))
}

function refusalOrThrow(err: unknown): Error {
  if (isRefusedData(err)) return err
  throw err
}

/** Marks a row as dispatched and deletes the personal part of its event. The dedupe key stays while duplicates may arrive. */
export async function markDispatched(
  db: Pick<Db, 'update'>,
  id: number,
  result: string,
  now: number,
): Promise<void> {
  await db.update(inbox).set(dispatchedColumns(result, now)).where(eq(inbox.id, id))
}

/** The columns of a dispatched row: of the event a `DispatchedEvent`, and its text where the account keeps texts. */
export function dispatchedColumns(result: string, now: number) {
  const { event } = inbox
  const text = sql`${event}->>'text'`
  const factNames = sql`(SELECT jsonb_agg(name) FROM jsonb_object_keys(${event}->'request'->'facts') AS name)`
  // The fields are named one by one, so that a new field of an event does not stay unseen.
  const kept = sql`jsonb_strip_nulls(jsonb_build_object('scene', ${event}->'scene', 'aheadMs', ${event}->'aheadMs',
    'qrScene', ${event}->'qrScene', 'eventKey', ${event}->'eventKey', 'start', ${event}->'start',
    'request', jsonb_build_object('type', ${event}->'request'->'type', 'names', ${factNames},
      'by', ${event}->'request'->'by', 'after', ${event}->'request'->'after', 'tags', ${event}->'request'->'tags',
      'name', ${event}->'request'->'name', 'runKey', ${event}->'request'->'runKey',
      'endsAt', ${event}->'request'->'endsAt')))`
  return {
    dispatchedAt: now,
    result,
    leaseOwnerId: null,
    leaseExpiresAt: null,
    lastError: null,
    event: sql`CASE WHEN ${event}->>'scene' IS NOT NULL THEN ${kept} - 'request'
      WHEN ${event}->'request' IS NOT NULL THEN ${kept} END`,
    keptText: sql`CASE WHEN ${text} IS NOT NULL AND (SELECT ${accounts.keepTexts} FROM ${accounts}
      WHERE ${accounts.appId} = ${inbox.appId}) IS NOT NULL THEN ${text} END`,
  }
}

/** A dispatched event of a follower. `scene` is null for one that is not an interaction, such as an unfollow. */
type EventSince = Pick<InboxRow, 'id' | 'kind' | 'dedupeKey' | 'createTime'> &
  Pick<InboxEvent, 'scene' | 'aheadMs'>

/** Dispatched events of a follower after a stamp, in order. Older events than `purgeInbox` keeps are missing. */
export async function eventsSince(
  db: Db,
  { appId, openId }: { appId: string; openId: string },
  stamp: { at: number; seq: number },
): Promise<EventSince[]> {
  const { id, kind, dedupeKey, createTime, event } = inbox
  const rows = await db
    .select({ id, kind, dedupeKey, createTime, event })
    .from(inbox)
    .where(
      and(
        eq(inbox.appId, appId),
        eq(inbox.openId, openId),
        isNotNull(inbox.dispatchedAt),
        sql`(${inbox.createTime}, ${inbox.id}) > (${stamp.at}::bigint, ${stamp.seq}::bigint)`,
        ne(inbox.result, 'ignored'),
      ),
    )
    .orderBy(inbox.createTime, inbox.id)
  return rows.map(({ event: kept, ...row }) => {
    const { scene, aheadMs } = dispatchedEvent(kept)
    return { ...row, scene: scene ?? null, ...(aheadMs === undefined ? {} : { aheadMs }) }
  })
}

/** The event of a dispatched row. `dispatchedColumns` wrote it. */
export function dispatchedEvent(event: InboxRow['event']): DispatchedEvent {
  return (event ?? {}) as DispatchedEvent
}

/** Releases a lease after a failure. The row may be claimed again at `retryAt`. */
export async function releaseForRetry(db: Db, id: number, retryAt: number, error: string): Promise<void> {
  await db
    .update(inbox)
    .set({ leaseOwnerId: null, leaseExpiresAt: null, retryAt, lastError: truncateText(error, 500) })
    .where(eq(inbox.id, id))
}

/** The number of rows that wait to be dispatched, and the arrival of the oldest (epoch ms; null when none waits). */
export async function inboxBacklog(db: Db): Promise<{ pending: number; oldestReceivedAt: number | null }> {
  const { rows } = await execute<{ pending: number | string; oldest: number | string | null }>(
    db,
    sql`SELECT count(*) AS pending, min(received_at) AS oldest FROM ${inbox} WHERE dispatched_at IS NULL`,
  )
  const row = rows[0]
  return {
    pending: Number(row?.pending ?? 0),
    oldestReceivedAt: row?.oldest == null ? null : Number(row.oldest),
  }
}

/**
 * Deletes the rows of a page that are dispatched, arrived before `before` (epoch ms), and have no kept text. The rows are read in
 * the order of their arrival, so the purge ends at the first page without an old row.
 */
export async function purgeInbox(
  db: Db,
  { before, after, limit }: TablePage<number> & { before: number },
): Promise<PagePurge<number>> {
  const { id, receivedAt, dispatchedAt } = inbox
  const page = await db
    .select({ id, receivedAt, dispatchedAt, hasText: sql<boolean>`${inbox.keptText} IS NOT NULL` })
    .from(inbox)
    .where(after === null ? undefined : gt(inbox.id, after))
    .orderBy(inbox.id)
    .limit(limit)
  const old = page.filter((row) => row.receivedAt < before)
  const done = old.filter((row) => row.dispatchedAt !== null && !row.hasText).map((row) => row.id)
  if (done.length > 0) await deleteRows(db, done)
  const next = page.length < limit || old.length === 0 ? null : (page.at(-1)?.id ?? null)
  return { changed: done.length, next }
}

/** Deletes rows, and adds those that a campaign has answered to its statistics, in one statement. */
async function deleteRows(db: Db, ids: readonly number[]): Promise<void> {
  await execute(
    db,
    sql`WITH gone AS (DELETE FROM ${inbox} WHERE ${inArray(inbox.id, [...ids])} RETURNING *)
      INSERT INTO ${campaignStatistics} AS t (campaign, version, app_id, day, scene, variant, step, metric, n)
      ${answerMetrics(sql`gone`)}
      ON CONFLICT (campaign, day, version, app_id, scene, variant, step, metric) DO UPDATE SET n = t.n + EXCLUDED.n`,
  )
}
