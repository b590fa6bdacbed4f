import { sql } from 'drizzle-orm'
import { ownValue } from '../../shared/own-value.ts'
import type { Db } from '../db.ts'
import { runs, runTotals, stepTotals } from '../schema.ts'
import { execute } from '../sql.ts'
import { stepsOf } from './purge-runs.ts'

/** The runs of one campaign version and their steps, with the runs that the purge has deleted. */
export interface VersionTotals {
  version: number
  /** Runs by outcome; by status while they have not ended. */
  runs: Record<string, number>
  /** Steps by id, then by state. */
  steps: Record<string, Record<string, number>>
}

/** Counts all runs of a campaign and their steps, newest version first. Reads each run of the campaign that still exists. */
export async function readCampaignTotals(db: Db, campaign: string): Promise<VersionTotals[]> {
  const ofCampaign = sql`(SELECT * FROM ${runs} WHERE campaign = ${campaign})`
  // One statement, so that a run that is purged meanwhile is counted once.
  const { rows } = await execute<{ version: number; step: string | null; state: string; n: number | string }>(
    db,
    sql`SELECT version, step, state, sum(n) AS n FROM (
        SELECT version, NULL AS step, CASE WHEN status = 'ended' THEN COALESCE(outcome, 'none') ELSE status END AS state,
          count(*) AS n
          FROM ${runs} WHERE campaign = ${campaign} GROUP BY 1, 2, 3
        UNION ALL SELECT version, NULL, outcome, runs FROM ${runTotals} WHERE campaign = ${campaign}
        UNION ALL SELECT version, step_id, state, count(*) FROM (${stepsOf(ofCampaign)}) s GROUP BY 1, 2, 3
        UNION ALL SELECT version, step_id, state, steps FROM ${stepTotals} WHERE campaign = ${campaign}) counted
      GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3`,
  )
  const versions = new Map<number, VersionTotals>()
  for (const { version, step, state, n } of rows) {
    const totals = versions.get(version) ?? { version, runs: {}, steps: {} }
    versions.set(version, totals)
    const counts = step === null ? totals.runs : (ownValue(totals.steps, step) ?? {})
    counts[state] = Number(n)
    if (step !== null) totals.steps[step] = counts
  }
  return [...versions.values()]
}
