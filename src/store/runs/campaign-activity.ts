import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { campaigns, deliveries, goals, runs } from '../schema.ts'
import { execute } from '../sql.ts'
import { type CountParts, forEachSlice } from '../statistics/run-slices.ts'

/** Of the runs of a campaign that began in a period: how many, the messages that they were sent, and their goals. */
export interface EntryCounts {
  entered: number
  sent: number
  goals: number
}

/** By campaign. Campaigns without a run are missing. */
export type EntryCountsByCampaign = ReadonlyMap<string, EntryCounts>

export function sumOfCounts(counts: readonly EntryCountsByCampaign[]): EntryCountsByCampaign {
  const sums = new Map<string, EntryCounts>()
  for (const [campaign, { entered, sent, goals: reached }] of counts.flatMap((part) => [...part])) {
    const sum = sums.get(campaign) ?? { entered: 0, sent: 0, goals: 0 }
    sums.set(campaign, {
      entered: sum.entered + entered,
      sent: sum.sent + sent,
      goals: sum.goals + reached,
    })
  }
  return sums
}

/** How many runs of each campaign have not ended. Campaigns without one are missing. */
export async function countOpenRunsByCampaign(db: Db): Promise<Map<string, number>> {
  const { rows } = await execute<{ campaign: string; n: number | string }>(
    db,
    sql`SELECT r.campaign, count(*) AS n FROM ${campaigns} c JOIN ${runs} r ON r.campaign = c.id AND r.status IN ('active', 'paused')
      GROUP BY 1`,
  )
  return new Map(rows.map(({ campaign, n }) => [campaign, Number(n)]))
}

/**
 * The counts of every campaign for the runs that began in a period, by several statements. Reads indexes of the runs, no run itself,
 * and the messages since then.
 * @param period.from epoch ms; `until` is not included
 */
export async function readEntryCounts(
  db: Db,
  period: { from: number; until: number },
  parts: CountParts,
): Promise<EntryCountsByCampaign> {
  const isInPeriod = sql`r.created_at >= ${period.from}::bigint AND r.created_at < ${period.until}::bigint`
  const counts: EntryCountsByCampaign[] = []
  await forEachSlice(db, isInPeriod, parts, async (isInSlice) => {
    counts.push(await countSlice(db, sql`${isInPeriod} AND ${isInSlice}`))
  })
  return sumOfCounts(counts)
}

/** @param began selects runs under the alias `r` */
async function countSlice(db: Db, began: SQL): Promise<EntryCountsByCampaign> {
  const { rows } = await execute<{ campaign: string } & Record<keyof EntryCounts, number | string>>(
    db,
    // Looked up for each run: a join would read all messages, whatever the number of runs.
    sql`SELECT r.campaign, count(*) AS entered,
        COALESCE(sum((SELECT count(*) FROM ${deliveries} d WHERE d.run_key = r.run_key AND d.state = 'sent')), 0) AS sent,
        count(*) FILTER (WHERE EXISTS (SELECT 1 FROM ${goals} g WHERE g.run_key = r.run_key)) AS goals
      FROM ${runs} r WHERE ${began} GROUP BY 1`,
  )
  return new Map(
    rows.map(({ campaign, entered, sent, goals: reached }) => [
      campaign,
      { entered: Number(entered), sent: Number(sent), goals: Number(reached) },
    ]),
  )
}
