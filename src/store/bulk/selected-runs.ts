import { and, type SQL, sql } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { conditionsOf, hasStatus, isNewestIn, isOpen, type RunFilter } from '../runs/latest-runs.ts'
import type { RunRow } from '../runs/run-rows.ts'
import { runs } from '../schema.ts'
import { execute } from '../sql.ts'

/**
 * The open runs that fit, of a status; null: of any. For {@link latestOf}: as `run_key`, `app_id`, `open_id`, `created_at` and `closes_at`,
 * whether or not they are the latest of their followers.
 */
export function fittingRuns(filter: RunFilter, status: RunRow['status'] | null): SQL {
  // A condition that stands twice makes PostgreSQL expect far fewer runs.
  const rest = filter.status === status ? { ...filter, status: undefined } : filter
  return openRuns(hasStatus(status), ...conditionsOf(rest))
}

/** The open runs of some followers, as {@link fittingRuns}. */
export function chosenRuns(chosen: readonly FollowerKey[], status: RunRow['status'] | null): SQL {
  const keys = chosen.map(({ appId, openId }) => sql`(${appId}, ${openId})`)
  return openRuns(hasStatus(status), sql`(${runs.appId}, ${runs.openId}) IN (${sql.join(keys, sql`, `)})`)
}

function openRuns(...conditions: (SQL | undefined)[]): SQL {
  return sql`(SELECT ${runs.runKey}, ${runs.appId}, ${runs.openId}, ${runs.createdAt}, ${runs.closesAt} FROM ${runs}
    WHERE ${and(isOpen, ...conditions)})`
}

/** Those of some runs that are the latest of their followers. Looks up each. @param fitting as {@link fittingRuns} */
export const latestOf = (fitting: SQL): SQL =>
  sql`(SELECT s.* FROM ${fitting} AS s WHERE ${isNewestIn(sql`${runs}`, sql`s`)})`

/** The same, by one pass over all runs since the oldest of them. */
export function latestOfMany(fitting: SQL): SQL {
  const sinceTheOldest = sql`(
    SELECT app_id, open_id, created_at, run_key FROM ${runs} WHERE created_at >= (SELECT min(created_at) FROM fitting)
    -- PostgreSQL would look up each run in this list too.
    OFFSET 0)`
  return sql`(WITH fitting AS MATERIALIZED (SELECT * FROM ${fitting} AS f)
    SELECT s.* FROM fitting s WHERE ${isNewestIn(sinceTheOldest, sql`s`)})`
}

/** Fewer runs than this are looked up one by one sooner than all newer ones are read. */
const MANY = 2_000
/** So many newer runs are read in the time in which one is looked up. */
const NEWER_PER_LOOKUP = 5

/**
 * How many runs a selection has, and how many of their windows close by a time.
 * @param fitting of which those count that are the latest of their followers, as {@link fittingRuns}
 */
export async function countSelected(
  db: Db,
  fitting: SQL,
  closesUntil: number,
  many = MANY,
): Promise<{ count: number; closingSoon: number }> {
  const selected = (await areNewerRunsFew(db, fitting, many)) ? latestOfMany(fitting) : latestOf(fitting)
  const { rows } = await execute<{ n: number | string; closing: number | string }>(
    db,
    sql`SELECT count(*) AS n, count(*) FILTER (WHERE closes_at <= ${closesUntil}::bigint) AS closing FROM ${selected} AS s`,
  )
  return { count: Number(rows[0]?.n ?? 0), closingSoon: Number(rows[0]?.closing ?? 0) }
}

/** Whether many runs fit, and all runs since the oldest of them are not many more. */
async function areNewerRunsFew(db: Db, fitting: SQL, many: number): Promise<boolean> {
  const counted = await execute<{ n: number | string; since: number | string | null }>(
    db,
    sql`SELECT count(*) AS n, min(created_at) AS since FROM ${fitting} AS s`,
  )
  const { n = 0, since = null } = counted.rows[0] ?? {}
  if (Number(n) < many || since === null) return false
  const most = Number(n) * NEWER_PER_LOOKUP
  const newer = await execute<{ n: number | string }>(
    db,
    sql`SELECT count(*) AS n FROM (SELECT 1 FROM ${runs} WHERE created_at >= ${Number(since)}::bigint LIMIT ${most}::integer) s`,
  )
  return Number(newer.rows[0]?.n ?? 0) < most
}
