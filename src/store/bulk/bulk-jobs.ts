import { and, desc, eq, gt, inArray, lt, ne, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { SECOND_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { isLeaseFree } from '../lease.ts'
import type { RunRow } from '../runs/run-rows.ts'
import { bulkJobResults, bulkJobRuns, bulkJobs, runs } from '../schema.ts'
import { execute } from '../sql.ts'
import type { BulkResult } from './bulk-results.ts'
import { latestOf } from './selected-runs.ts'

export type BulkJob = typeof bulkJobs.$inferSelect
export type NewBulkJob = Pick<
  BulkJob,
  'id' | 'action' | 'selection' | 'reason' | 'requestHash' | 'createdBy' | 'createdAt'
>
/** Longer than a page: each call of Temporal may take 10 s. */
export const BULK_LEASE_MS = 90 * SECOND_MS
/** A lease is renewed with each page, which takes half a second. */
const IDLE_MS = 20 * SECOND_MS

/**
 * Stores a job with the runs of a selection, at most `limit` of them. A job with this id may exist: then nothing is stored.
 * @param tx a transaction
 * @param fitting of which those are selected that are the latest of their followers, as `fittingRuns` has them
 */
export async function createBulkJob(
  tx: Db,
  job: NewBulkJob,
  fitting: SQL,
  limit: number,
): Promise<{ job: BulkJob; isNew: boolean }> {
  const [created] = await tx
    .insert(bulkJobs)
    .values({ ...job, state: 'running', total: 0 })
    .onConflictDoNothing()
    .returning({ id: bulkJobs.id })
  if (!created) return { job: (await readBulkJob(tx, job.id)) as BulkJob, isNew: false }
  const { rows } = await execute<{ n: number | string }>(
    tx,
    sql`WITH added AS (INSERT INTO ${bulkJobRuns} (job_id, run_key)
        SELECT ${job.id}, run_key FROM ${latestOf(fitting)} AS s LIMIT ${limit} RETURNING 1)
      SELECT count(*) AS n FROM added`,
  )
  const total = Number(rows[0]?.n ?? 0)
  const ended = total === 0 ? { state: 'finished' as const, endedAt: job.createdAt } : {}
  const [stored] = await tx
    .update(bulkJobs)
    .set({ total, ...ended })
    .where(eq(bulkJobs.id, job.id))
    .returning()
  return { job: stored as BulkJob, isNew: true }
}

export async function readBulkJob(db: Db, id: string): Promise<BulkJob | null> {
  const [job] = await db.select().from(bulkJobs).where(eq(bulkJobs.id, id))
  return job ?? null
}

/** Jobs, newest first, after `after`. */
export function listBulkJobs(
  db: Db,
  { after, limit }: { after: { createdAt: number; id: string } | null; limit: number },
): Promise<BulkJob[]> {
  const { createdAt, id } = bulkJobs
  const isAfter = after
    ? or(lt(createdAt, after.createdAt), and(eq(createdAt, after.createdAt), lt(id, after.id)))
    : undefined
  return db.select().from(bulkJobs).where(isAfter).orderBy(desc(createdAt), desc(id)).limit(limit)
}

/** Leases the oldest running job that no process has; null: there is none. */
export async function claimBulkJob(
  db: Db,
  { ownerId, now, leaseMs }: { ownerId: string; now: number; leaseMs: number },
): Promise<BulkJob | null> {
  const candidate = alias(bulkJobs, 'candidate')
  const oldest = db
    .select({ id: candidate.id })
    .from(candidate)
    .where(
      and(
        eq(candidate.state, 'running'),
        or(eq(candidate.leaseOwnerId, ownerId), isLeaseFree(candidate.leaseExpiresAt, { now, leaseMs })),
      ),
    )
    .orderBy(candidate.createdAt)
    .limit(1)
    .for('update', { skipLocked: true })
  const [claimed] = await db
    .update(bulkJobs)
    .set({ leaseOwnerId: ownerId, leaseExpiresAt: now + leaseMs })
    .where(inArray(bulkJobs.id, oldest))
    .returning()
  return claimed ?? null
}

/** The next runs of a job. `run` is null when the run no longer exists. */
export async function nextBulkRuns(
  db: Db,
  jobId: string,
  limit: number,
): Promise<{ runKey: string; run: RunRow | null }[]> {
  return db
    .select({ runKey: bulkJobRuns.runKey, run: runs })
    .from(bulkJobRuns)
    .leftJoin(runs, eq(runs.runKey, bulkJobRuns.runKey))
    .where(eq(bulkJobRuns.jobId, jobId))
    .orderBy(bulkJobRuns.runKey)
    .limit(limit)
}

/**
 * Records what became of a page of runs, and renews the lease. The last page finishes the job.
 * @returns false when the job is over or another process has it: this one must leave it
 */
export async function recordBulkPage(
  db: Db,
  page: { jobId: string; ownerId: string; results: ReadonlyMap<string, BulkResult> },
  { now, leaseMs }: { now: number; leaseMs: number },
): Promise<boolean> {
  const { jobId, ownerId, results } = page
  const { done, ended, failed } = bulkJobs
  const count = (wanted: BulkResult) => [...results.values()].filter((result) => result === wanted).length
  return db.transaction(async (tx) => {
    // A stopped job still counts the page that was under way.
    const [job] = await tx
      .update(bulkJobs)
      .set({
        done: sql`${done} + ${count('done')}::int`,
        ended: sql`${ended} + ${count('ended')}::int`,
        failed: sql`${failed} + ${count('failed')}::int`,
        leaseExpiresAt: now + leaseMs,
      })
      .where(and(eq(bulkJobs.id, jobId), eq(bulkJobs.leaseOwnerId, ownerId)))
      .returning({ state: bulkJobs.state })
    if (!job) return false
    await moveToResults(tx, jobId, results)
    if (job.state !== 'running') return false
    const [left] = await nextBulkRuns(tx, jobId, 1)
    if (left) return true
    await tx
      .update(bulkJobs)
      .set({ state: 'finished', endedAt: now, ...NO_LEASE })
      .where(eq(bulkJobs.id, jobId))
    return false
  })
}

/** A run whose follower's data were erased meanwhile has no row, and gets none. */
async function moveToResults(tx: Db, jobId: string, results: ReadonlyMap<string, BulkResult>): Promise<void> {
  if (results.size === 0) return
  const moved = await tx
    .delete(bulkJobRuns)
    .where(and(eq(bulkJobRuns.jobId, jobId), inArray(bulkJobRuns.runKey, [...results.keys()])))
    .returning({ runKey: bulkJobRuns.runKey })
  const rows = moved.flatMap(({ runKey }) => {
    const result = results.get(runKey)
    return result ? [{ jobId, runKey, result }] : []
  })
  if (rows.length > 0) await tx.insert(bulkJobResults).values(rows).onConflictDoNothing()
}

/**
 * Deletes which runs belonged to jobs that ended before a time. The jobs keep their counts.
 * @param limit of each table
 * @returns how many rows were deleted
 */
export async function purgeBulkRuns(db: Db, before: number, limit: number): Promise<number> {
  const isOld = lt(bulkJobs.endedAt, before)
  let deleted = 0
  for (const table of [bulkJobResults, bulkJobRuns]) {
    const { rows } = await execute(
      db,
      sql`DELETE FROM ${table} WHERE (job_id, run_key) IN (
          SELECT r.job_id, r.run_key FROM ${table} r WHERE r.job_id IN (SELECT id FROM ${bulkJobs} WHERE ${isOld}) LIMIT ${limit})
        RETURNING 1`,
    )
    deleted += rows.length
  }
  return deleted
}

/** The status of runs that do not show yet what a job has done to them. */
const BEFORE = {
  pause: eq(runs.status, 'active'),
  resume: eq(runs.status, 'paused'),
  cancel: ne(runs.status, 'ended'),
}

/**
 * Whether rows of runs that a job has changed do not say so yet. Each run writes its row by itself, soon after it was signalled.
 * A later change of the same runs, such as a resume after a pause, also counts.
 */
export async function isBulkJobSettling(
  db: Db,
  { id, action }: Pick<BulkJob, 'id' | 'action'>,
): Promise<boolean> {
  const [found] = await db
    .select({ runKey: runs.runKey })
    .from(bulkJobResults)
    .innerJoin(runs, eq(runs.runKey, bulkJobResults.runKey))
    .where(and(eq(bulkJobResults.jobId, id), eq(bulkJobResults.result, 'done'), BEFORE[action]))
    .limit(1)
  return found !== undefined
}

/**
 * Why a running job does not go on, as the leases tell; null: a process works on it. `turn`: on another job first. `process`: none
 * does, because of a restart, or because the last one was lost and its lease has not ended.
 */
export async function whyBulkJobWaits(db: Db, job: BulkJob, now: number): Promise<'turn' | 'process' | null> {
  const { id, state, createdAt, leaseExpiresAt } = job
  const workedOnAt = leaseExpiresAt === null ? createdAt : leaseExpiresAt - BULK_LEASE_MS
  if (state !== 'running' || now - workedOnAt <= IDLE_MS) return null
  const isWorkedOn = gt(bulkJobs.leaseExpiresAt, now + BULK_LEASE_MS - IDLE_MS)
  const [other] = await db
    .select({ id: bulkJobs.id })
    .from(bulkJobs)
    .where(and(eq(bulkJobs.state, 'running'), ne(bulkJobs.id, id), isWorkedOn))
    .limit(1)
  return other ? 'turn' : 'process'
}

const NO_LEASE = { leaseOwnerId: null, leaseExpiresAt: null }

/** Lets another process continue a job at once, when this one stops. */
export async function releaseBulkJobs(db: Db, ownerId: string): Promise<void> {
  await db
    .update(bulkJobs)
    .set(NO_LEASE)
    .where(and(eq(bulkJobs.leaseOwnerId, ownerId), eq(bulkJobs.state, 'running')))
}

/**
 * Stops a running job: its other runs stay as they are, and can be found as `left`. A page that is under way is still changed
 * and counted.
 * @returns null when there is no such job
 */
export async function stopBulkJob(tx: Db, id: string, now: number): Promise<BulkJob | null> {
  const [stopped] = await tx
    .update(bulkJobs)
    .set({ state: 'stopped', endedAt: now })
    .where(and(eq(bulkJobs.id, id), eq(bulkJobs.state, 'running')))
    .returning()
  return stopped ?? readBulkJob(tx, id)
}
