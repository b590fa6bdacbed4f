import { sql } from 'drizzle-orm'
import type { StepState } from '../../run/state.ts'
import type { Ledger } from '../../wechat/rules/ledger.ts'
import type { Db } from '../db.ts'
import { campaigns, runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** What is due of a run that has not ended. */
export interface OpenRun {
  /** Those that wait for a time that is known. */
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
 * Active runs with their planned steps and grants: all of them, or a random sample. They are read in parts, because the states of
 * thousands of runs would keep the embedded store, and its process, busy for long.
 * @param open how many runs have not ended
 */
export async function sampleActiveRuns(db: Db, open: number, limit: number): Promise<OpenRun[]> {
  // A little less than the limit, so that chance seldom cuts off the last ones of the index.
  const share = open <= limit ? 1 : (limit * 0.95) / open
  const { rows: chosen } = await execute<{ key: string }>(
    db,
    sql`SELECT run_key AS key FROM ${runs} WHERE status <> 'ended' AND (${share}::float8 >= 1 OR random() < ${share}::float8)
      LIMIT ${limit}::integer`,
  )
  const sample: OpenRun[] = []
  for (let from = 0; from < chosen.length; from += PART)
    sample.push(
      ...(await readPlanned(
        db,
        chosen.slice(from, from + PART).map(({ key }) => key),
      )),
    )
  return sample
}

const PART = 400
/** Steps whose time is known. The others are most of a state. */
const PLANNED = '$[*] ? (@.state == "pending" && @.dueAt != null)'

async function readPlanned(db: Db, runKeys: readonly string[]): Promise<OpenRun[]> {
  const { rows } = await execute<OpenRun>(
    db,
    sql`SELECT jsonb_path_query_array(COALESCE(state->'steps', '[]'::jsonb), ${PLANNED}::jsonpath) AS steps,
        COALESCE(state->'ledger', '[]'::jsonb) AS ledger, COALESCE(plan->'silent', '[]'::jsonb) AS silent
      FROM ${runs} WHERE status = 'active'
        AND run_key IN (SELECT jsonb_array_elements_text(${JSON.stringify(runKeys)}::jsonb))`,
  )
  return rows
}
