import { and, desc, eq, lt, or, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'
import type { RunRow } from './run-rows.ts'

export interface RunFilter {
  appId?: string | undefined
  status?: RunRow['status'] | undefined
  outcome?: string | undefined
  campaign?: string | undefined
}

/** The latest run of each follower, newest first, after `page.after`. */
export async function listLatestRuns(
  db: Db,
  filter: RunFilter,
  page: { after: { createdAt: number; runKey: string } | null; limit: number },
): Promise<RunRow[]> {
  const { after, limit } = page
  const conditions: (SQL | undefined)[] = [
    sql`NOT EXISTS (SELECT 1 FROM ${runs} n WHERE n.app_id = ${runs.appId} AND n.open_id = ${runs.openId}
      AND (n.created_at, n.run_key) > (${runs.createdAt}, ${runs.runKey}))`,
    filter.appId ? eq(runs.appId, filter.appId) : undefined,
    filter.status ? eq(runs.status, filter.status) : undefined,
    filter.outcome ? eq(runs.outcome, filter.outcome) : undefined,
    filter.campaign ? eq(runs.campaign, filter.campaign) : undefined,
    after
      ? or(
          lt(runs.createdAt, after.createdAt),
          and(eq(runs.createdAt, after.createdAt), lt(runs.runKey, after.runKey)),
        )
      : undefined,
  ]
  return db
    .select()
    .from(runs)
    .where(and(...conditions))
    .orderBy(desc(runs.createdAt), desc(runs.runKey))
    .limit(limit)
}
