import { and, asc, eq, gt, gte, inArray, isNotNull, lt, notLike, sql } from 'drizzle-orm'
import { DAY_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { ANONYMOUS_PREFIX } from '../runs/anonymise-runs.ts'
import { type KnownEntries, knownEntries } from '../runs/entries.ts'
import type { FollowerRow } from '../runs/follower-rows.ts'
import type { RunRow } from '../runs/run-rows.ts'
import { followers, inbox, runs } from '../schema.ts'
import { execute } from '../sql.ts'
import type { DispatchedEvent } from './inbox-event.ts'
import { dispatchedEvent, type InboxRow } from './inbox-rows.ts'

/** For how long events are recorded: as long as `purgeInbox` keeps their rows. */
export const RECORDED_MS = 7 * DAY_MS

/** A follower has fewer: the runs are read whole, and only earlier ones are told by their entries. */
const ALL_RUNS = 1_000_000

/** An event that was dispatched. */
export interface RecordedEvent extends Pick<InboxRow, 'id' | 'openId' | 'dedupeKey' | 'kind' | 'createTime'> {
  dispatchedAt: number
  event: DispatchedEvent
  /** The text, where it was kept; null for any other event too. */
  text: string | null
  /** The row of `answers` that replied; null: none. */
  answered: string | null
}

/** What a dry run reads of a run. */
export type RecordedRun = Pick<
  RunRow,
  'runKey' | 'openId' | 'campaign' | 'version' | 'status' | 'outcome' | 'entry' | 'endedAt' | 'tally'
> & { plan: Pick<RunRow['plan'], 'exitKeywords' | 'priority'> }

interface Period {
  appId: string
  /** Epoch ms of `CreateTime`; `until` is not included. */
  from: number
  until: number
}

/** The followers with an event in a period, in the order of their ids, after `after`. */
export async function recordedFollowers(
  db: Db,
  { appId, from, until, after, limit }: Period & { after: string; limit: number },
): Promise<string[]> {
  const rows = await db
    .selectDistinct({ openId: inbox.openId })
    .from(inbox)
    .where(
      and(
        eq(inbox.appId, appId),
        gt(inbox.openId, after),
        gte(inbox.createTime, from),
        lt(inbox.createTime, until),
        isNotNull(inbox.dispatchedAt),
        notLike(inbox.openId, `${ANONYMOUS_PREFIX}%`),
      ),
    )
    .orderBy(asc(inbox.openId))
    .limit(limit)
  return rows.map(({ openId }) => openId)
}

/**
 * The events of some followers, in the order of their arrival, after the row `after`.
 * @param search.textsSince texts of events that arrived before are left out, epoch ms; null: all are
 */
export async function recordedEvents(
  db: Db,
  search: Period & { openIds: readonly string[]; textsSince: number | null; after: number; limit: number },
): Promise<RecordedEvent[]> {
  const { appId, openIds, from, until, textsSince, after, limit } = search
  const { id, openId, dedupeKey, kind, createTime, receivedAt, dispatchedAt, event, keptText, answered } =
    inbox
  const rows = await db
    .select({ id, openId, dedupeKey, kind, createTime, receivedAt, dispatchedAt, event, keptText, answered })
    .from(inbox)
    .where(
      and(
        eq(inbox.appId, appId),
        inArray(inbox.openId, [...openIds]),
        gte(inbox.createTime, from),
        lt(inbox.createTime, until),
        isNotNull(inbox.dispatchedAt),
        gt(inbox.id, after),
      ),
    )
    .orderBy(asc(inbox.id))
    .limit(limit)
  return rows.map(({ receivedAt, dispatchedAt, event, keptText, ...row }) => ({
    ...row,
    dispatchedAt: dispatchedAt ?? receivedAt,
    event: dispatchedEvent(event),
    text: textsSince !== null && receivedAt >= textsSince ? keptText : null,
  }))
}

/** The rows of some followers, their runs, newest first, and their earlier entries by openId. */
export async function readFollowersWithRuns(
  db: Db,
  appId: string,
  openIds: readonly string[],
): Promise<{ followers: FollowerRow[]; runs: RecordedRun[]; entries: Map<string, KnownEntries> }> {
  const { runKey, openId, campaign, version, status, outcome, entry, endedAt, tally, plan } = runs
  const [rows, ofRuns, earlier] = await Promise.all([
    db
      .select()
      .from(followers)
      .where(and(eq(followers.appId, appId), inArray(followers.openId, [...openIds]))),
    db
      .select({ runKey, openId, campaign, version, status, outcome, entry, endedAt, tally, plan })
      .from(runs)
      .where(and(eq(runs.appId, appId), inArray(runs.openId, [...openIds]))),
    execute<{ openId: string; entries: KnownEntries | null }>(
      db,
      sql`SELECT w."openId", ${knownEntries(sql`${appId}::text`, sql`w."openId"`, ALL_RUNS)} AS entries
        FROM jsonb_to_recordset(${JSON.stringify(openIds.map((id) => ({ openId: id })))}::jsonb) AS w("openId" text)`,
    ),
  ])
  const entries = new Map(earlier.rows.flatMap((row) => (row.entries ? [[row.openId, row.entries]] : [])))
  const newestFirst = ofRuns.sort((a, b) => b.entry.at - a.entry.at || b.entry.seq - a.entry.seq)
  return { followers: rows, runs: newestFirst, entries }
}
