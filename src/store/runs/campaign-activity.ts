import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { deliveries, goals, runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** What a campaign does at present. */
export interface CampaignActivity {
  /** Runs that have not ended. */
  active: number
  /** Of the runs that began in the period: how many, how many had a reply, messages that were sent, and goals. */
  entered: number
  replied: number
  sent: number
  goals: number
}

/**
 * The activity of every campaign that has any, in one statement: it reads the index of the open runs, and the runs of the period.
 * @param since epoch ms; the beginning of the period
 */
export async function readCampaignActivity(db: Db, since: number): Promise<Map<string, CampaignActivity>> {
  type Counts = Record<keyof CampaignActivity, number | string>
  const { rows } = await execute<{ campaign: string } & Counts>(
    db,
    sql`SELECT campaign, sum(active) AS active, sum(entered) AS entered, sum(replied) AS replied, sum(sent) AS sent,
        sum(goals) AS goals
      FROM (
        SELECT campaign, count(*) AS active, 0 AS entered, 0 AS replied, 0 AS sent, 0 AS goals
          FROM ${runs} WHERE status <> 'ended' GROUP BY 1
        UNION ALL SELECT r.campaign, 0, count(*), count(r.tally->'replied'), COALESCE(sum(d.n), 0), count(g.run_key)
          FROM ${runs} r LEFT JOIN ${goals} g ON g.run_key = r.run_key
          LEFT JOIN LATERAL (
            SELECT count(*) AS n FROM ${deliveries} d WHERE d.run_key = r.run_key AND d.state = 'sent') d ON true
          WHERE r.created_at >= ${since}::bigint GROUP BY 1) counted
      GROUP BY 1`,
  )
  return new Map(
    rows.map(({ campaign, active, entered, replied, sent, goals: reached }) => [
      campaign,
      {
        active: Number(active),
        entered: Number(entered),
        replied: Number(replied),
        sent: Number(sent),
        goals: Number(reached),
      },
    ]),
  )
}
