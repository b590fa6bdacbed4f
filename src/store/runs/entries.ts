import { type SQL, sql } from 'drizzle-orm'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Db } from '../db.ts'
import { accounts, entries, runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** The last entry of a follower into each campaign, by the campaign's id. `at`: epoch ms by WeChat's clock. */
export type KnownEntries = Readonly<Record<string, { at: number; outcome: string | null }>>

/**
 * The entries of a follower that the newest runs do not tell: those of anonymous runs and those of older runs, as jsonb; null for
 * none. Runs of an account that was removed and added again do not count.
 * @param newest how many runs are read otherwise
 */
export function knownEntries(appId: SQL, openId: SQL, newest: number): SQL {
  return sql`(SELECT jsonb_object_agg(x.campaign, jsonb_build_object('at', x.at, 'outcome', x.outcome)) FROM (
    SELECT DISTINCT ON (campaign) campaign, at, outcome FROM (
      SELECT e.campaign, e.last_at AS at, e.last_outcome AS outcome FROM ${entries} e
        WHERE e.app_id = ${appId} AND e.follower_hash = ${hashFollower(appId, openId)}
      UNION ALL SELECT o.campaign, ${entryAt(sql`o.entry`)}, o.outcome FROM (
        SELECT r.campaign, r.entry, r.outcome, r.created_at FROM ${runs} r
        WHERE r.app_id = ${appId} AND r.open_id = ${openId} ORDER BY r.created_at DESC OFFSET ${newest}) o
        WHERE o.created_at >= (SELECT a.created_at FROM ${accounts} a WHERE a.app_id = ${appId})) e
    ORDER BY campaign, at DESC) x)`
}

/**
 * Keeps the entries of runs that are about to become anonymous. Part of the statement that does it, so that no entry is lost or
 * kept twice.
 * @param named the alias of the runs, with their follower's openId
 */
export function keepEntries(named: SQL): SQL {
  return sql`INSERT INTO ${entries} AS e (app_id, follower_hash, campaign, first_at, last_at, times, last_outcome)
    SELECT n.app_id, ${hashFollower(sql`n.app_id`, sql`n.open_id`)}, n.campaign, min(${entryAt(sql`n.entry`)}), max(${entryAt(sql`n.entry`)}),
      count(*), (array_agg(n.outcome ORDER BY ${entryAt(sql`n.entry`)} DESC))[1]
    FROM ${named} n JOIN ${accounts} a ON a.app_id = n.app_id AND a.created_at <= n.created_at GROUP BY 1, 2, 3
    ON CONFLICT (app_id, follower_hash, campaign) DO UPDATE SET
      first_at = LEAST(e.first_at, EXCLUDED.first_at), last_at = GREATEST(e.last_at, EXCLUDED.last_at), times = e.times + EXCLUDED.times,
      last_outcome = CASE WHEN EXCLUDED.last_at >= e.last_at THEN EXCLUDED.last_outcome ELSE e.last_outcome END`
}

/** Deletes the entries of an erased follower. */
export async function deleteEntries(db: Pick<Db, 'execute'>, follower: FollowerKey): Promise<void> {
  await execute(db, sql`DELETE FROM ${entries} e WHERE ${entriesOf(follower)}`)
}

/** The condition for the rows of a follower, under the alias `e`. */
export function entriesOf({ appId, openId }: FollowerKey): SQL {
  return sql`e.app_id = ${appId} AND e.follower_hash = ${hashFollower(sql`${appId}::text`, sql`${openId}::text`)}`
}

/** A hash that identifies a follower. An openId has more than 128 random bits, so none can be found from its hash. */
function hashFollower(appId: SQL, openId: SQL): SQL {
  return sql`encode(sha256(convert_to(${appId} || ' ' || ${openId}, 'UTF8')), 'hex')`
}

/** @param entry the column of a run */
function entryAt(entry: SQL): SQL {
  return sql`(${entry}->>'at')::numeric::bigint`
}
