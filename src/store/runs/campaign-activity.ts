import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { campaigns, deliveries, goals, runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** Of the runs of a campaign that began in a period: how many, the messages that they were sent, and their goals. */
export interface EntryCounts {
  entered: number
  sent: number
  goals: number
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
 * The counts of every campaign for the runs that began in a period. Reads indexes of the runs, no run itself, and the messages since
 * then.
 * @param from epoch ms; `until` is not included
 */
export async function readEntryCounts(
  db: Db,
  { from, until }: { from: number; until: number },
): Promise<Map<string, EntryCounts>> {
  const began = sql`r.created_at >= ${from}::bigint AND r.created_at < ${until}::bigint`
  const { rows } = await execute<{ campaign: string } & Record<keyof EntryCounts, number | string>>(
    db,
    sql`SELECT campaign, sum(entered) AS entered, sum(sent) AS sent, sum(goals) AS goals FROM (
        SELECT r.campaign, count(*) AS entered, 0 AS sent, 0 AS goals FROM ${runs} r WHERE ${began} GROUP BY 1
        UNION ALL SELECT r.campaign, 0, count(*), 0 FROM ${runs} r JOIN ${deliveries} d ON d.run_key = r.run_key
          WHERE ${began} AND d.state = 'sent' GROUP BY 1
        UNION ALL SELECT r.campaign, 0, 0, count(*) FROM ${goals} g JOIN ${runs} r ON r.run_key = g.run_key
          WHERE ${began} GROUP BY 1) counted
      GROUP BY 1`,
  )
  return new Map(
    rows.map(({ campaign, entered, sent, goals: reached }) => [
      campaign,
      { entered: Number(entered), sent: Number(sent), goals: Number(reached) },
    ]),
  )
}
