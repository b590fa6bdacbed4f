import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { deliveries, goals } from '../schema.ts'
import { execute } from '../sql.ts'

/**
 * What runs add to the statistics of their campaign, a row for each group: `campaign, version, app_id, day, scene, variant,
 * step, metric, n, value`. Everything is derived from rows that exist once for each run and step, so that retries and duplicates
 * count nothing.
 *
 * `step` is the id of a step, the number of a fork, or '' for the run. Metrics of a run: `entered`, `replied`, `goal`,
 * `ended:OUTCOME`, and `uncounted` when only its entry and its outcome are known. Of a step: `due`, `held`, `sent`, `skipped:REASON`, `failed:ERRCODE`, `unknown`, `clicked:LINK`,
 * `replied-after`, `unfollowed-after`, `goal-after`. Of a fork: `taken:BRANCH`, by number.
 * @param table `runs`, or a subset of its rows
 */
export function runMetrics(table: SQL): SQL {
  return sql`(WITH ways AS MATERIALIZED (${waysOf(table)}),
    counted AS MATERIALIZED (SELECT w.*, ${variantOf} AS variant FROM ways w)
    SELECT c.campaign, c.version, c.app_id, c.day, c.scene, c.variant, m.step, m.metric, sum(c.n)::bigint AS n,
      sum(CASE WHEN m.metric = 'goal' THEN c.value ELSE 0 END) AS value
    FROM counted c CROSS JOIN LATERAL (${metricsOfWay}) m
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)`
}

/**
 * Executes a statement with `runMetrics`. PostgreSQL estimates a hundred elements for each array, and would compile the statement to
 * machine code, which takes longer than to execute it. It also estimates a
 * group for each run, and would sort them.
 */
export function countInSql<T>(db: Db, statement: SQL): Promise<{ rows: T[] }> {
  return db.transaction(async (tx) => {
    await execute(tx, sql`SELECT set_config('jit', 'off', true), set_config('enable_sort', 'off', true)`)
    return execute<T>(tx, statement)
  })
}

/** Runs that went the same way are one row, so that their tally is read once. */
function waysOf(table: SQL): SQL {
  return sql`SELECT r.campaign, r.version, r.app_id, ${entryDay(sql`r`)} AS day, COALESCE(r.scene_pattern, '') AS scene,
      CASE WHEN r.status = 'ended' THEN COALESCE(r.outcome, 'none') END AS outcome,
      -- A tally that does not belong to the state counts nothing yet.
      CASE WHEN r.tally_revision = r.revision THEN r.tally END AS tally,
      CASE WHEN r.tally->'open' IS NOT NULL THEN (
        SELECT jsonb_agg(d.step_id ORDER BY d.step_id) FROM ${deliveries} d WHERE d.run_key = r.run_key AND d.state = 'sent')
        END AS sent,
      r.plan->'shares' AS shares, r.plan->'silent' AS silent,
      CASE WHEN r.clicks IS NOT NULL THEN (
        SELECT jsonb_agg(jsonb_build_array(x->'step', x->'link') ORDER BY x->'step', x->'link')
        FROM jsonb_array_elements(r.clicks) x) END AS clicks,
      COALESCE(COALESCE(r.unfollowed_at, CASE WHEN r.outcome = 'unsubscribed' THEN r.ended_at END)
        <= r.last_done_at + ${UNFOLLOWED_WITHIN_MS}, false) AS unfollowed,
      g.run_key IS NOT NULL AS has_goal, g.step_id AS goal_after,
      count(*) AS n, COALESCE(sum(g.value), 0) AS value
    FROM ${table} r LEFT JOIN ${goals} g ON g.run_key = r.run_key
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14`
}

/** The local day of a run's entry. @param run the alias of the run's row */
export function entryDay(run: SQL): SQL {
  return sql`COALESCE(${run}.entry_day,
    to_char(to_timestamp(${run}.started_at / 1000.0) AT TIME ZONE 'UTC' + interval '8 hours', 'YYYY-MM-DD'))`
}

const UNFOLLOWED_WITHIN_MS = sql.raw('86400000')

/** The branches that shares have chosen. */
const variantOf = sql`COALESCE((
  SELECT string_agg(o.i - 1 || '=' || o.took, ',' ORDER BY o.i)
  FROM jsonb_array_elements_text(w.tally->'forks') WITH ORDINALITY o(took, i)
  WHERE o.took IS NOT NULL AND w.shares @> to_jsonb(o.i - 1)), '')`

/** The first message among steps. @param steps jsonb, ids, newest first */
const messageOf = (steps: SQL) => sql`(
  SELECT x.id #>> '{}' FROM jsonb_array_elements(${steps}) WITH ORDINALITY x(id, nth)
  WHERE NOT COALESCE(c.silent @> x.id, false) ORDER BY x.nth LIMIT 1)`

const metricsOfWay = sql`SELECT '' AS step, x.metric FROM (VALUES ('entered', true), ('ended:' || c.outcome, c.outcome IS NOT NULL),
    ('replied', c.tally->'replied' IS NOT NULL), ('goal', c.has_goal), ('uncounted', c.tally IS NULL)) x(metric, counts) WHERE x.counts
  UNION ALL SELECT (o.i - 1)::text, 'taken:' || o.took
    FROM jsonb_array_elements_text(c.tally->'forks') WITH ORDINALITY o(took, i) WHERE o.took IS NOT NULL
  UNION ALL SELECT x->>0, 'clicked:' || (x->>1) FROM jsonb_array_elements(c.clicks) x
  UNION ALL SELECT s.step->>0, CASE WHEN k.mark IN ('due', 'held') OR (c.sent @> (s.step->0)) IS NOT TRUE THEN k.mark ELSE 'sent' END
    FROM jsonb_array_elements(c.tally->'steps') s(step)
    CROSS JOIN LATERAL jsonb_array_elements_text(s.step) WITH ORDINALITY k(mark, i) WHERE k.i > 1
  UNION ALL SELECT x.step, x.metric FROM (VALUES
    ('replied-after', ${messageOf(sql`c.tally->'replied'`)}),
    ('unfollowed-after', CASE WHEN c.unfollowed THEN ${messageOf(sql`c.tally->'last'`)} END),
    ('goal-after', c.goal_after)) x(metric, step) WHERE x.step IS NOT NULL`
