import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { bulkJobResults, bulkJobRuns } from '../schema.ts'
import { execute } from '../sql.ts'

/** What became of a run: changed, had ended before its turn, or an error. */
export type BulkResult = (typeof bulkJobResults.$inferSelect)['result']
/** `left`: the job has not come to the run, or was stopped before. */
export const BULK_RESULTS = ['done', 'ended', 'failed', 'left'] as const
export type BulkRunState = (typeof BULK_RESULTS)[number]

/**
 * The runs of a job, as `run_key`: those of one result, or all.
 * After `purgeBulkRuns` there are none.
 */
export function runsOfBulkJob(jobId: string, result: BulkRunState | undefined): SQL {
  const left = sql`SELECT run_key FROM ${bulkJobRuns} WHERE ${eq(bulkJobRuns.jobId, jobId)}`
  if (result === 'left') return left
  const ofResult = result && eq(bulkJobResults.result, result)
  const changed = sql`SELECT run_key FROM ${bulkJobResults} WHERE ${and(eq(bulkJobResults.jobId, jobId), ofResult)}`
  return result ? changed : sql`${changed} UNION ALL ${left}`
}

/** The results of which a job still has runs. */
export async function listedBulkResults(db: Db, jobId: string): Promise<Set<BulkRunState>> {
  const each = BULK_RESULTS.map(
    (result) => sql`SELECT ${result}::text AS result WHERE EXISTS (${runsOfBulkJob(jobId, result)})`,
  )
  const { rows } = await execute<{ result: BulkRunState }>(db, sql.join(each, sql` UNION ALL `))
  return new Set(rows.map(({ result }) => result))
}
