import { type SQL, sql } from 'drizzle-orm'
import { ownValue } from '../../shared/own-value.ts'
import type { Db } from '../db.ts'
import { runs, runTotals, stepTotals } from '../schema.ts'
import { execute } from '../sql.ts'
import { countUndisturbed, forEachSlice, WHOLE } from '../statistics/run-slices.ts'
import { stepsOf } from './purge-runs.ts'

/** The runs of one campaign version and their steps, with the runs that the purge has deleted. */
export interface VersionTotals {
  version: number
  /** Runs by outcome; by status while they have not ended. */
  runs: Record<string, number>
  /** Steps by id, then by state. */
  steps: Record<string, Record<string, number>>
}

interface Count {
  version: number
  /** Null: the count is of runs. */
  step: string | null
  state: string
  n: number | string
}

/**
 * Counts all runs of a campaign and their steps, newest version first. Reads each run of the campaign that still exists, by many
 * short statements. What is purged meanwhile is counted once.
 * @param slice the most runs that the next statement counts
 */
export async function readCampaignTotals(
  db: Db,
  campaign: string,
  slice = WHOLE.slice,
): Promise<VersionTotals[]> {
  const counts = await countUndisturbed(db, {
    kept: sql`SELECT sum(runs) AS n FROM ${runTotals} WHERE campaign = ${campaign}`,
    async inSlices() {
      const found = await readCounts(db, deletedRuns(campaign))
      await forEachSlice(db, sql`r.campaign = ${campaign}`, { ...WHOLE, slice }, async (isInSlice) => {
        found.push(...(await readCounts(db, existingRuns(campaign, isInSlice))))
      })
      return found
    },
    atOnce: () =>
      readCounts(db, sql`${deletedRuns(campaign)} UNION ALL ${existingRuns(campaign, sql`true`)}`),
  })
  return totalsOf(counts)
}

function deletedRuns(campaign: string): SQL {
  return sql`SELECT version, NULL AS step, outcome AS state, runs AS n FROM ${runTotals} WHERE campaign = ${campaign}
    UNION ALL SELECT version, step_id, state, steps FROM ${stepTotals} WHERE campaign = ${campaign}`
}

function existingRuns(campaign: string, isInSlice: SQL): SQL {
  const inSlice = sql`(SELECT * FROM ${runs} r WHERE r.campaign = ${campaign} AND ${isInSlice})`
  return sql`SELECT version, NULL AS step, CASE WHEN status = 'ended' THEN COALESCE(outcome, 'none') ELSE status END AS state,
      count(*) AS n
      FROM ${inSlice} k GROUP BY 1, 2, 3
    UNION ALL SELECT version, step_id, state, count(*) FROM (${stepsOf(inSlice)}) s GROUP BY 1, 2, 3`
}

async function readCounts(db: Db, counts: SQL): Promise<Count[]> {
  const { rows } = await execute<Count>(
    db,
    sql`SELECT version, step, state, sum(n) AS n FROM (${counts}) counted GROUP BY 1, 2, 3`,
  )
  return rows
}

function totalsOf(counts: readonly Count[]): VersionTotals[] {
  const versions = new Map<number, VersionTotals>()
  for (const { version, step, state, n } of inOrder(counts)) {
    const totals = versions.get(version) ?? { version, runs: {}, steps: {} }
    versions.set(version, totals)
    const known = step === null ? totals.runs : (ownValue(totals.steps, step) ?? {})
    known[state] = (ownValue(known, state) ?? 0) + Number(n)
    if (step !== null) totals.steps[step] = known
  }
  return [...versions.values()]
}

/** The newest version first; by step and state. */
function inOrder(counts: readonly Count[]): Count[] {
  const nameOf = ({ step, state }: Count) => `${step ?? ''} ${state}`
  return counts.toSorted((a, b) => b.version - a.version || (nameOf(a) < nameOf(b) ? -1 : 1))
}
