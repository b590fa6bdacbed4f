import { sql } from 'drizzle-orm'
import { MINUTE_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** How soon followers wrote after they entered. */
export interface ReplyTimes {
  /** The runs that were counted. */
  runs: number
  /** Within a minute, the time of the grant of a follow. */
  soon: number
  later: number
}

/** Shares of this many runs are as good as those of all. */
const MOST_RUNS = 5_000

/**
 * Counts the first replies of the newest runs of a period.
 * @param from epoch ms, and `to`, which is not included
 */
export async function readReplyTimes(
  db: Db,
  campaign: string,
  { from, to }: { from: number; to: number },
): Promise<ReplyTimes> {
  const { rows } = await execute<Record<keyof ReplyTimes, number | string>>(
    db,
    sql`SELECT count(*) AS runs, count(*) FILTER (WHERE after <= ${MINUTE_MS}::bigint) AS soon,
        count(*) FILTER (WHERE after > ${MINUTE_MS}::bigint) AS later
      FROM (
        SELECT (r.state->'reply'->>'at')::bigint - r.started_at AS after FROM ${runs} r
        WHERE r.campaign = ${campaign} AND r.created_at >= ${from}::bigint AND r.created_at < ${to}::bigint
        ORDER BY r.created_at DESC LIMIT ${MOST_RUNS}::integer) replies`,
  )
  const [row] = rows
  return { runs: Number(row?.runs ?? 0), soon: Number(row?.soon ?? 0), later: Number(row?.later ?? 0) }
}
