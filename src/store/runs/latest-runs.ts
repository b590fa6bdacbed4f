import { and, desc, eq, gt, lte, ne, type SQL, sql } from 'drizzle-orm'
import { type BulkRunState, runsOfBulkJob } from '../bulk/bulk-results.ts'
import type { Db } from '../db.ts'
import { followers, runs } from '../schema.ts'
import { execute } from '../sql.ts'
import type { RunRow } from './run-rows.ts'

export interface RunFilter {
  appId?: string | undefined
  /** The beginning of an openId, or all of it. */
  openId?: string | undefined
  status?: RunRow['status'] | undefined
  outcome?: string | undefined
  campaign?: string | undefined
  version?: number | undefined
  /** A step is held or was skipped for this reason; `failed:CODE`: WeChat has refused it with this code. */
  reason?: string | undefined
  /** The scene of the QR code by which the follower came. With a `*`: the pattern of the campaign file that fitted it. */
  scene?: string | undefined
  /** The name of a tag that the follower has, as far as known. */
  tag?: string | undefined
  /** The run goes on, and ends at the latest between these times, epoch ms. */
  closing?: { after: number; until: number } | undefined
  /** A run of the follower belonged to this bulk job; with `result`, this became of it. The follower may have a newer run. */
  bulk?: { job: string; result: BulkRunState | undefined } | undefined
}

/** The position of a run in lists, newest first. */
export interface RunPosition {
  createdAt: number
  runKey: string
}

/**
 * The latest run of each follower, newest first, after `page.after`.
 * @param rare a reason of fewer runs is looked up first, and the list is sorted then
 */
export async function listLatestRuns(
  db: Db,
  filter: RunFilter,
  page: { after: RunPosition | null; limit: number },
  rare = RARE,
): Promise<RunRow[]> {
  const { after, limit } = page
  const isAfter = after
    ? sql`(${runs.createdAt}, ${runs.runKey}) < (${after.createdAt}::bigint, ${after.runKey})`
    : undefined
  // No index has this order. PostgreSQL then finds the runs by their reason, and does not read all newer runs to find a page.
  const unindexed = filter.reason !== undefined && (await isRare(db, filter.reason, rare))
  return db
    .select()
    .from(runs)
    .where(and(isLatest, isAfter, ...conditionsOf(filter)))
    .orderBy(unindexed ? sql`${runs.createdAt} + 0 DESC` : desc(runs.createdAt), desc(runs.runKey))
    .limit(limit)
}

/**
 * Whether no run of the same follower in `list` is newer. In the table of all runs, the row comparison reads the index
 * `runs_by_follower` alone.
 * @param run the alias of the run
 */
export const isNewestIn = (list: SQL, run: SQL): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM ${list} n WHERE n.app_id = ${run}.app_id AND n.open_id = ${run}.open_id
    AND (n.created_at, n.run_key) > (${run}.created_at, ${run}.run_key))`
const ALL_RUNS = sql`${runs}`
const isLatest = isNewestIn(ALL_RUNS, ALL_RUNS)

/** A page of runs with a reason that more runs have than this is found soon among the newest ones. */
const RARE = 3_000

/** Whether fewer runs have this reason. */
async function isRare(db: Db, reason: string, rare: number): Promise<boolean> {
  const { rows } = await execute<{ n: number | string }>(
    db,
    sql`SELECT count(*) AS n FROM (SELECT 1 FROM ${runs} WHERE ${hasReason(reason)} LIMIT ${rare}::integer) found`,
  )
  return Number(rows[0]?.n ?? 0) < rare
}

export const isOpen = ne(runs.status, 'ended')

export const hasStatus = (status: RunRow['status'] | null) => (status ? eq(runs.status, status) : undefined)

/** What a filter asks of each run, whether or not it is the latest of its follower. */
export function conditionsOf(filter: RunFilter): (SQL | undefined)[] {
  const { appId, status, outcome, campaign, version, scene, closing } = filter
  return [
    appId ? eq(runs.appId, appId) : undefined,
    status ? eq(runs.status, status) : undefined,
    // Implied, and written down for the partial indexes.
    status === 'active' || status === 'paused' ? isOpen : undefined,
    outcome ? and(eq(runs.outcome, outcome), eq(runs.status, 'ended')) : undefined,
    campaign ? eq(runs.campaign, campaign) : undefined,
    version === undefined ? undefined : eq(runs.version, version),
    scene ? hasScene(scene) : undefined,
    closing ? and(isOpen, gt(runs.closesAt, closing.after), lte(runs.closesAt, closing.until)) : undefined,
    filter.openId ? beginsWith(filter.openId) : undefined,
    filter.reason ? hasReason(filter.reason) : undefined,
    filter.tag ? hasTag(filter.tag) : undefined,
    filter.bulk ? isOfBulkJob(filter.bulk) : undefined,
  ]
}

/** Compared by bytes, whatever the collation of the database, so that the index is used. An openId is ASCII. */
function beginsWith(openId: string): SQL {
  return sql`(${runs.openId} ~>=~ ${openId} AND ${runs.openId} ~<~ ${`${openId}\u{10ffff}`})`
}

const hasReason = (reason: string): SQL => sql`${runs.reasons} ? ${reason}`

function hasScene(scene: string): SQL {
  if (scene.includes('*')) return eq(runs.scenePattern, scene)
  return sql`(${runs.entry}->>'qrScene' = ${scene} AND ${runs.entry}->>'qrScene' IS NOT NULL)`
}

function hasTag(tag: string): SQL {
  return sql`(${runs.appId}, ${runs.openId}) IN (SELECT f.app_id, f.open_id FROM ${followers} f WHERE f.attributes->'tags' ? ${tag})`
}

function isOfBulkJob({ job, result }: NonNullable<RunFilter['bulk']>): SQL {
  return sql`(${runs.appId}, ${runs.openId}) IN (SELECT b.app_id, b.open_id FROM ${runs} b
    WHERE b.run_key IN (${runsOfBulkJob(job, result)}))`
}
