import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { deliveries, runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** Something that happened to a follower. */
export interface Happening {
  kind: 'entered' | 'sent' | 'skipped' | 'unknown' | 'ended'
  /** Epoch ms by the clock of the process that wrote it. */
  at: number
  appId: string
  /** Null: the follower's data was erased, or the run is anonymous. */
  openId: string | null
  campaign: string
  /** Of the campaign, as the run has it. */
  version: number
  /** The step; null for an entry and an end. */
  step: string | null
  /** Why a step was skipped, or how a run ended. */
  reason: string | null
}

/** The newest happenings, newest first. Read from three indexes, whatever the store holds. */
export async function recentActivity(db: Db, limit: number): Promise<Happening[]> {
  const most = sql`${limit}::integer`
  const { rows } = await execute<Omit<Happening, 'at'> & { at: number | string }>(
    db,
    sql`SELECT * FROM (
      (SELECT 'entered' AS kind, created_at AS at, app_id AS "appId", open_id AS "openId", campaign, version, NULL AS step,
          NULL AS reason FROM ${runs} ORDER BY created_at DESC LIMIT ${most})
      UNION ALL (SELECT 'ended', ended_at, app_id, open_id, campaign, version, NULL, outcome
        FROM ${runs} WHERE status = 'ended' AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ${most})
      UNION ALL (SELECT CASE d.state WHEN 'sent' THEN 'sent' WHEN 'unknown' THEN 'unknown' ELSE 'skipped' END, d.ended_at,
        r.app_id, r.open_id, r.campaign, r.version, d.step_id, d.reason
        FROM (SELECT * FROM ${deliveries} WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ${most}) d
        JOIN ${runs} r ON r.run_key = d.run_key WHERE d.state IN ('sent', 'unknown', 'skipped'))) happened
      ORDER BY at DESC LIMIT ${most}`,
  )
  return rows.map((row) => ({ ...row, at: Number(row.at), openId: row.openId || null }))
}

/** How many happenings are newer than a time, at most `most` of each kind. */
export async function countActivitySince(db: Db, after: number, most: number): Promise<number> {
  const { rows } = await execute<{ n: number | string }>(
    db,
    sql`SELECT count(*) AS n FROM (
      (SELECT 1 FROM ${runs} WHERE created_at > ${after}::bigint LIMIT ${most}::integer)
      UNION ALL (SELECT 1 FROM ${runs} WHERE status = 'ended' AND ended_at > ${after}::bigint LIMIT ${most}::integer)
      UNION ALL (SELECT 1 FROM ${deliveries} WHERE ended_at IS NOT NULL AND ended_at > ${after}::bigint
        LIMIT ${most}::integer)) newer`,
  )
  return Number(rows[0]?.n ?? 0)
}
