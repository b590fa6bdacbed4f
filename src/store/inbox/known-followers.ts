import { getTableColumns, sql } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { type KnownEntries, knownEntries } from '../runs/entries.ts'
import type { FollowerRow } from '../runs/follower-rows.ts'
import type { RunRow } from '../runs/run-rows.ts'
import { followers, inbox, runs } from '../schema.ts'
import { execute } from '../sql.ts'
import type { InboxRow } from './inbox-rows.ts'

/** What the store knows of a follower whose event has just arrived. */
export interface KnownFollower {
  follower: FollowerRow | null
  /** Newest first. `exitKeywords` and `priority`: of the plan; absent or null for a run that has ended. */
  runs: (Pick<RunRow, 'runKey' | 'campaign' | 'status' | 'entry'> & {
    exitKeywords?: readonly string[] | null
    priority?: number | null
  })[]
  /** Earlier entries, which the runs do not tell. */
  entries: KnownEntries
  /** Events that are not dispatched yet, in order. */
  pending: InboxRow[]
}

/** As many as the dispatcher reads. */
const MAX_RUNS = 20
/** The first events are enough: another entry is among them, or none of them counts. */
const MAX_PENDING = 50

/**
 * Reads what is known of followers in one statement, so that it sees each entry either as a pending event or as a run. Uses
 * indexes only.
 * @returns by `followerId`
 */
export async function readKnownFollowers(
  db: Db,
  keys: readonly FollowerKey[],
): Promise<Map<string, KnownFollower>> {
  const keysJson = JSON.stringify(keys.map(({ appId, openId }) => ({ appId, openId })))
  const { rows } = await execute<
    FollowerKey & {
      follower: Record<string, unknown> | null
      runs: KnownFollower['runs']
      entries: KnownEntries | null
      pending: Record<string, unknown>[]
    }
  >(
    db,
    sql`SELECT w."appId", w."openId",
      (SELECT to_jsonb(f) FROM ${followers} f WHERE f.app_id = w."appId" AND f.open_id = w."openId") AS follower,
      ARRAY(SELECT jsonb_build_object('runKey', r.run_key, 'campaign', r.campaign, 'status', r.status, 'entry', r.entry,
        'exitKeywords', CASE WHEN r.status <> 'ended' THEN r.plan->'exitKeywords' END,
        'priority', CASE WHEN r.status <> 'ended' THEN r.plan->'priority' END)
        FROM ${runs} r WHERE app_id = w."appId" AND open_id = w."openId"
        ORDER BY created_at DESC LIMIT ${MAX_RUNS}) AS runs,
      ${knownEntries(sql`w."appId"`, sql`w."openId"`, MAX_RUNS)} AS entries,
      -- Not IS NULL: without statistics the planner would then read all pending rows of the account.
      ARRAY(SELECT to_jsonb(i) FROM ${inbox} i
        WHERE COALESCE(dispatched_at, 0) = 0 AND app_id = w."appId" AND open_id = w."openId"
        ORDER BY create_time, id LIMIT ${MAX_PENDING}) AS pending
      FROM jsonb_to_recordset(${keysJson}::jsonb) AS w("appId" text, "openId" text)`,
  )
  return new Map(
    rows.map((row) => [
      followerId(row),
      {
        follower: row.follower && fromJson<FollowerRow>(followers, row.follower),
        runs: row.runs,
        entries: row.entries ?? {},
        pending: row.pending.map((p) => fromJson<InboxRow>(inbox, p)),
      },
    ]),
  )
}

/** A text that identifies a follower. */
export function followerId({ appId, openId }: FollowerKey): string {
  return `${appId} ${openId}`
}

/** Converts a row from PostgreSQL's JSON, whose fields have the names of columns. */
function fromJson<Row>(table: typeof followers | typeof inbox, json: Record<string, unknown>): Row {
  const columns = Object.entries(getTableColumns(table)).map(([name, column]) => [
    name,
    json[column.name] ?? null,
  ])
  // JSON preserves the types of all columns: texts, booleans, numbers below 2^53 and JSON.
  return Object.fromEntries(columns) as Row
}
