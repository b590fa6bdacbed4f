import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { isInFuture, isLeaseFree } from '../lease.ts'
import { type KnownEntries, knownEntries } from '../runs/entries.ts'
import type { FollowerRow } from '../runs/follower-rows.ts'
import type { RunRow } from '../runs/run-rows.ts'
import { followers, inbox, runs } from '../schema.ts'
import { execute, readRow } from '../sql.ts'
import type { InboxRow } from './inbox-rows.ts'

/** Longest delay of a retry. A later `retry_at` was written by a clock that was ahead. */
const MAX_RETRY_DELAY_MS = 60_000
/** As many runs are read whole. Of older ones only the entries are known. */
const RECENT_RUNS = 20

/** The part of a run's row that dispatching an event reads. */
export type RecentRun = Pick<
  RunRow,
  'runKey' | 'runId' | 'campaign' | 'status' | 'outcome' | 'entry' | 'endedAt'
> & {
  plan: Pick<RunRow['plan'], 'exitKeywords' | 'facts' | 'listensTo' | 'goal' | 'priority'>
  state: Pick<RunRow['state'], 'seenEventKeys' | 'revision' | 'ledger'>
}

/** A leased event, with what the store knew of its follower at the same moment. */
export type ClaimedEvent = InboxRow & {
  known: {
    follower: FollowerRow | null
    /** Newest first. */
    runs: RecentRun[]
    /** Earlier entries, which the runs do not tell. */
    entries: KnownEntries
    /** Another event of the follower waits behind this one. */
    hasNext: boolean
  }
}

interface RawClaim {
  event: Record<string, unknown>
  follower: Record<string, unknown> | null
  runs: RecentRun[]
  entries: KnownEntries | null
  hasNext: boolean
}

/**
 * Leases up to `limit` events. Each is the oldest of its follower (by `CreateTime`, then arrival), and none belongs to a
 * follower with a leased row: only this statement keeps the events of a follower in order. Accounts are served round-robin,
 * so that a burst of one account does not delay others.
 * @param claim.newestSince claims the newest rows first, and only rows created after this time (epoch ms)
 * @param claim.afterAppId the account that had the last turn of an earlier claim; the turns go on behind it
 * @returns the events in the order of their turns
 */
export async function claimHeads(
  db: Db,
  claim: {
    ownerId: string
    now: number
    leaseMs: number
    limit: number
    newestSince?: number
    afterAppId?: string
  },
): Promise<ClaimedEvent[]> {
  const { ownerId, now, leaseMs, limit, newestSince, afterAppId = '' } = claim
  const matchesAge = newestSince === undefined ? sql`true` : sql`i.create_time > ${newestSince}::bigint`
  const order = sql.raw(newestSince === undefined ? 'ASC' : 'DESC')
  // Accounts in the order of their ids, from the one behind `afterAppId`.
  const byTurn = sql`turn, app_id <= ${afterAppId}, app_id`
  const free = (row: string) => isLeaseFree(sql.raw(`${row}.lease_expires_at`), { now, leaseMs })
  const isDue = sql`(i.retry_at IS NULL OR i.retry_at <= ${now}::bigint OR ${isInFuture(sql.raw('i.retry_at'), now + MAX_RETRY_DELAY_MS)})`
  const { rows } = await execute<RawClaim>(
    db,
    sql`WITH RECURSIVE waiting AS (
        SELECT min(app_id) AS app_id FROM ${inbox} WHERE dispatched_at IS NULL
        UNION ALL
        SELECT (SELECT min(i.app_id) FROM ${inbox} i WHERE i.dispatched_at IS NULL AND i.app_id > w.app_id)
        FROM waiting w WHERE w.app_id IS NOT NULL),
      turns AS (
        SELECT w.app_id, head.id, row_number() OVER (PARTITION BY w.app_id ORDER BY head.id ${order}) AS turn
        FROM waiting w CROSS JOIN LATERAL (
          SELECT i.id FROM ${inbox} i
          WHERE i.app_id = w.app_id AND i.dispatched_at IS NULL
            AND ${free('i')} AND ${isDue} AND ${matchesAge}
            -- A scalar subquery: as NOT EXISTS, a join would read the whole account while the table has no statistics.
            AND (SELECT 1 FROM ${inbox} j
              WHERE j.app_id = i.app_id AND j.open_id = i.open_id AND j.dispatched_at IS NULL AND j.id <> i.id
                AND ((j.create_time, j.id) < (i.create_time, i.id) OR NOT ${free('j')})
              LIMIT 1) IS NULL
          ORDER BY i.id ${order} LIMIT ${limit}) head),
      claimed AS (UPDATE ${inbox} SET lease_owner_id = ${ownerId}, lease_expires_at = ${now + leaseMs}::bigint, attempts = attempts + 1
      WHERE id IN (
        SELECT i.id FROM ${inbox} i
        WHERE i.id IN (SELECT id FROM turns ORDER BY ${byTurn} LIMIT ${limit})
          AND i.dispatched_at IS NULL
          AND ${free('i')}
        FOR UPDATE SKIP LOCKED)
      RETURNING *)
      SELECT to_jsonb(c) AS event,
        (SELECT to_jsonb(f) FROM ${followers} f WHERE f.app_id = c.app_id AND f.open_id = c.open_id) AS follower,
        (SELECT COALESCE(jsonb_agg(r.run ORDER BY r.created_at DESC), '[]') FROM (
          SELECT created_at, jsonb_build_object('runKey', run_key, 'runId', run_id, 'campaign', campaign,
            'status', status, 'outcome', outcome, 'entry', entry, 'endedAt', ended_at,
            'plan', jsonb_strip_nulls(jsonb_build_object('exitKeywords', plan->'exitKeywords', 'facts', plan->'facts',
              'listensTo', plan->'listensTo', 'goal', plan->'goal', 'priority', plan->'priority')),
            'state', jsonb_build_object('seenEventKeys', state->'seenEventKeys', 'revision', state->'revision',
              'ledger', state->'ledger')) AS run
          FROM ${runs} WHERE app_id = c.app_id AND open_id = c.open_id
          ORDER BY created_at DESC LIMIT ${RECENT_RUNS}) r) AS runs,
        ${knownEntries(sql`c.app_id`, sql`c.open_id`, RECENT_RUNS)} AS entries,
        EXISTS (SELECT 1 FROM ${inbox} n WHERE n.app_id = c.app_id AND n.open_id = c.open_id
          AND n.dispatched_at IS NULL AND n.id <> c.id) AS "hasNext"
      FROM claimed c JOIN (SELECT id, turn FROM turns) t USING (id) ORDER BY ${byTurn}`,
  )
  return rows.map(({ event, follower, runs: recent, entries, hasNext }) => ({
    ...readRow(inbox, event),
    known: {
      follower: follower && readRow(followers, follower),
      runs: recent,
      entries: entries ?? {},
      hasNext,
    },
  }))
}
