import { sql } from 'drizzle-orm'
import type { StepState } from '../../run/state.ts'
import type { Ledger } from '../../wechat/rules/ledger.ts'
import type { Db } from '../db.ts'
import { campaigns, runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** What is due of a run that has not ended. */
export interface OpenRun {
  steps: readonly StepState[]
  ledger: Ledger
  /** The steps that send no message, by id. */
  silent: readonly string[]
}

/** How many runs go on, and how many are paused. Read from an index, whatever has ended. */
export async function countOpenRuns(db: Db): Promise<{ active: number; paused: number }> {
  const { rows } = await execute<{ status: 'active' | 'paused'; n: number | string }>(
    db,
    sql`SELECT r.status, count(*) AS n FROM ${campaigns} c JOIN ${runs} r ON r.campaign = c.id AND r.status IN ('active', 'paused')
      GROUP BY 1`,
  )
  const count = (status: string) => Number(rows.find((row) => row.status === status)?.n ?? 0)
  return { active: count('active'), paused: count('paused') }
}

/**
 * Active runs with their steps and grants: all of them, or a random sample. Reading the states of a hundred thousand runs takes
 * seconds.
 * @param active how many there are
 */
export async function sampleActiveRuns(db: Db, active: number, limit: number): Promise<OpenRun[]> {
  // A little less than the limit, so that chance seldom cuts off the last ones of the index.
  const share = active <= limit ? 1 : (limit * 0.95) / active
  const { rows } = await execute<OpenRun>(
    db,
    sql`SELECT COALESCE(r.state->'steps', '[]'::jsonb) AS steps, COALESCE(r.state->'ledger', '[]'::jsonb) AS ledger, COALESCE(r.plan->'silent', '[]'::jsonb) AS silent
      FROM ${campaigns} c JOIN ${runs} r ON r.campaign = c.id AND r.status = 'active'
      WHERE ${share}::float8 >= 1 OR random() < ${share}::float8 LIMIT ${limit}::integer`,
  )
  return rows
}
