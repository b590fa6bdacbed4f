import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { campaignStatistics, deliveries, goals, runs, runTotals, stepTotals } from '../schema.ts'
import { countInSql, runMetrics } from '../statistics/run-metrics.ts'

/**
 * Deletes the oldest runs that ended before `before` and are anonymous, with their deliveries and goals, and adds them to the
 * totals and statistics of their campaign version. One statement does it, so that no count is lost or added twice. A run that
 * still has its follower's id stays: its entry is not kept yet, and the order of late events needs it. So does a run that is not counted yet.
 * @param batch.before epoch ms
 * @param batch.limit the most runs to delete
 * @returns how many runs were deleted
 */
export async function purgeRuns(
  db: Db,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const { rows } = await countInSql<{ n: number | string }>(
    db,
    sql`WITH old AS (
        SELECT run_key FROM ${runs}
        WHERE status = 'ended' AND ended_at < ${before}::bigint AND open_id LIKE 'anonymous-%' AND tally_revision = revision
        ORDER BY ended_at LIMIT ${limit} FOR UPDATE SKIP LOCKED),
      gone AS (
        DELETE FROM ${runs} r USING old WHERE r.run_key = old.run_key
        RETURNING r.*),
      gone_goals AS (DELETE FROM ${goals} g USING old WHERE g.run_key = old.run_key),
      gone_deliveries AS (DELETE FROM ${deliveries} d USING old WHERE d.run_key = old.run_key),
      kept_runs AS (
        INSERT INTO ${runTotals} AS t (campaign, version, app_id, outcome, runs)
        SELECT campaign, version, app_id, COALESCE(outcome, 'none'), count(*) FROM gone GROUP BY 1, 2, 3, 4
        ON CONFLICT (campaign, version, app_id, outcome) DO UPDATE SET runs = t.runs + EXCLUDED.runs),
      kept_steps AS (
        INSERT INTO ${stepTotals} AS t (campaign, version, app_id, step_id, state, steps)
        SELECT campaign, version, app_id, step_id, state, count(*) FROM (${stepsOf(sql`gone`)}) s GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (campaign, version, app_id, step_id, state) DO UPDATE SET steps = t.steps + EXCLUDED.steps),
      kept_statistics AS (
        INSERT INTO ${campaignStatistics} AS t (campaign, version, app_id, day, scene, variant, step, metric, n, value)
        ${runMetrics(sql`gone`)}
        ON CONFLICT (campaign, day, version, app_id, scene, variant, step, metric)
          DO UPDATE SET n = t.n + EXCLUDED.n, value = t.value + EXCLUDED.value)
      SELECT count(*) AS n FROM gone`,
  )
  return Number(rows[0]?.n ?? 0)
}

/**
 * The steps of runs, a row each, in the state that the API shows: a delivery that was sent after the run had ended counts as
 * sent.
 * @param table `runs`, or a subset of its rows
 */
export function stepsOf(table: ReturnType<typeof sql>) {
  return sql`SELECT r.campaign, r.version, r.app_id, s->>'id' AS step_id,
      CASE WHEN d.state = 'sent' THEN 'sent' ELSE s->>'state' END AS state
    FROM ${table} r CROSS JOIN LATERAL jsonb_array_elements(r.state->'steps') s
    LEFT JOIN ${deliveries} d ON d.run_key = r.run_key AND d.step_id = s->>'id'`
}
