import { and, asc, count, desc, eq, gt, inArray, lt, ne, or, sql } from 'drizzle-orm'
import type { Cohort } from '../../run/cohort.ts'
import { type RunStart, storedPlan } from '../../run/plan.ts'
import { beginRun } from '../../run/run-events.ts'
import type { RunState } from '../../run/state.ts'
import type { FollowerKey } from '../../shared/ids.ts'
import type { Ledger } from '../../wechat/rules/ledger.ts'
import type { Db } from '../db.ts'
import { deliveries, followers, inbox, runs } from '../schema.ts'
import { isRefusedData } from '../store-error.ts'
import { type Snapshot, type StoredDetail, snapshotColumns, storeSnapshot } from './run-snapshots.ts'

export type RunRow = typeof runs.$inferSelect

/**
 * Inserts the row of a run before it starts. Does nothing when the row exists.
 * @param cohort null: not known
 */
export async function insertRun(
  db: Db,
  follower: FollowerKey,
  start: RunStart,
  ledger: Ledger,
  now: number,
  cohort: Cohort | null = null,
): Promise<StoredDetail> {
  const snapshot = { state: beginRun(start.plan, start.entry, ledger, start), runId: null }
  const { stored } = await storeSnapshot(snapshot, now, async (_, state) => {
    if (state)
      await db
        .insert(runs)
        .values(rowOf(follower, start, { state, runId: null }, now, cohort))
        .onConflictDoNothing()
  })
  // A row needs a state.
  return stored === 'bare' ? 'nothing' : stored
}

/**
 * Records a run's snapshot for its workflow. Inserts the row when the dispatcher has not, and never replaces a newer revision.
 * @param cohort for a row that is inserted; null: not known
 * @returns whether this ended the run, the reasons of newly held steps, and how much of the snapshot was stored
 */
export async function recordRun(
  db: Db,
  follower: FollowerKey,
  start: RunStart,
  snapshot: { state: RunState; runId: string },
  now: number,
  cohort: Cohort | null = null,
): Promise<{ ended: boolean; held: string[]; stored: StoredDetail }> {
  const applies = snapshotApplies(snapshot.state)
  const runKey = start.entry.key
  const [before] = await db
    .select({ status: runs.status, steps: sql<RunState['steps']>`${runs.state}->'steps'` })
    .from(runs)
    .where(eq(runs.runKey, runKey))
  const { stored } = await storeSnapshot(snapshot, now, async (columns, state) => {
    if (!state)
      return db
        .update(runs)
        .set(columns)
        .where(and(eq(runs.runKey, runKey), applies))
    return db
      .insert(runs)
      .values(rowOf(follower, start, { ...snapshot, state }, now, cohort))
      .onConflictDoUpdate({
        target: runs.runKey,
        set: columns,
        setWhere: applies,
      })
  })
  return {
    ended: snapshot.state.status === 'ended' && before?.status !== 'ended',
    held: newlyHeld(snapshot.state.steps, before?.steps ?? []),
    stored,
  }
}

/** Whether a snapshot that the workflow itself writes replaces the row's. */
function snapshotApplies({ revision, status, outcome }: RunState) {
  /**
   * A run that was ended in the store, as for a removed account, keeps its outcome. Only the run itself completes: its last
   * send has written that, and the run received a signal meanwhile.
   */
  const isNotEndedElsewhere = or(
    ne(runs.status, 'ended'),
    eq(runs.outcome, 'completed'),
    sql`${runs.outcome} IS NOT DISTINCT FROM ${outcome}`,
  )
  return or(
    and(lt(runs.revision, revision), isNotEndedElsewhere),
    // The final snapshot applies whatever its revision: after a reset in Temporal a run may have fewer changes.
    and(sql`${status} = 'ended'`, ne(runs.status, 'ended')),
    // A terminated run that a reset continues.
    eq(runs.outcome, 'terminated'),
  )
}

/** A row of a run that is not over and whose snapshot is older than this revision. */
export function hasOlderSnapshot(runKey: string, revision: number) {
  return and(eq(runs.runKey, runKey), lt(runs.revision, revision), ne(runs.status, 'ended'))
}

/**
 * Records a snapshot of a run that has its row, and that its follower is not paused, in one statement.
 * @returns null when there is no such row or the database refuses the snapshot; then `recordRun` is needed
 */
export async function recordKnownRun(
  db: Db,
  follower: FollowerKey,
  snapshot: { state: RunState; runId: string },
  now: number,
): Promise<{ ended: boolean; held: string[] } | null> {
  const { state } = snapshot
  const isThisRun = eq(runs.runKey, state.entry.key)
  const isThisFollower = and(eq(followers.appId, follower.appId), eq(followers.openId, follower.openId))
  const before = db.$with('before').as(
    db
      .select({ status: runs.status, steps: sql<RunState['steps']>`${runs.state}->'steps'`.as('steps') })
      .from(runs)
      .where(isThisRun),
  )
  const written = db.$with('written').as(
    db
      .update(runs)
      .set(snapshotColumns(snapshot, now))
      .where(and(isThisRun, snapshotApplies(state)))
      .returning({ runKey: runs.runKey }),
  )
  const resumed = db
    .$with('resumed')
    .as(
      db
        .update(followers)
        .set({ paused: false, updatedAt: now })
        .where(and(isThisFollower, followers.paused))
        .returning({ openId: followers.openId }),
    )
  try {
    const [row] = await db.with(before, written, resumed).select().from(before)
    if (!row) return null
    const ended = state.status === 'ended' && row.status !== 'ended'
    return { ended, held: newlyHeld(state.steps, row.steps) }
  } catch (err) {
    if (!isRefusedData(err)) throw err
    return null
  }
}

function newlyHeld(steps: RunState['steps'], before: RunState['steps']): string[] {
  return steps.flatMap(({ state, reason }, i) =>
    state === 'held' && (before[i]?.state !== 'held' || before[i]?.reason !== reason)
      ? [reason ?? 'none']
      : [],
  )
}

/** Stores a snapshot that is newer than the row. Does nothing for a run that has ended in the store. */
export async function saveSnapshot(
  db: Pick<Db, 'update'>,
  runKey: string,
  snapshot: Snapshot,
  now: number,
): Promise<StoredDetail> {
  const isNewer = hasOlderSnapshot(runKey, snapshot.state.revision)
  const { stored } = await storeSnapshot(snapshot, now, (columns) =>
    db.update(runs).set(columns).where(isNewer),
  )
  return stored
}

/** A follower's runs, newest first. */
export function runsByFollower(db: Db, follower: FollowerKey, limit = 20): Promise<RunRow[]> {
  return db
    .select()
    .from(runs)
    .where(and(eq(runs.appId, follower.appId), eq(runs.openId, follower.openId)))
    .orderBy(desc(runs.createdAt))
    .limit(limit)
}

/** Followers with open runs of a campaign or an account that have deferred or failed steps. */
export function followersWithDeferredSteps(
  db: Db,
  filter: { campaign: string } | { appId: string },
): Promise<FollowerKey[]> {
  return db
    .selectDistinct({ appId: runs.appId, openId: runs.openId })
    .from(runs)
    .innerJoin(deliveries, eq(deliveries.runKey, runs.runKey))
    .where(
      and(
        ne(runs.status, 'ended'),
        inArray(deliveries.state, ['deferred', 'failed']),
        'campaign' in filter ? eq(runs.campaign, filter.campaign) : eq(runs.appId, filter.appId),
      ),
    )
}

/** The number of runs that have not ended. */
export async function countActiveRuns(db: Db): Promise<number> {
  const [row] = await db.select({ n: count() }).from(runs).where(ne(runs.status, 'ended'))
  return row?.n ?? 0
}

/** Runs that have not ended, in the order of their keys, after `after`. */
export function activeRunsAfter(db: Db, after: string, limit: number): Promise<RunRow[]> {
  return db
    .select()
    .from(runs)
    .where(and(ne(runs.status, 'ended'), gt(runs.runKey, after)))
    .orderBy(asc(runs.runKey))
    .limit(limit)
}

/** The statuses of runs by their keys. Unknown runs are missing. */
export async function statusesOf(
  db: Db,
  runKeys: readonly string[],
): Promise<Map<string, Pick<RunRow, 'status' | 'outcome' | 'updatedAt'>>> {
  if (runKeys.length === 0) return new Map()
  const rows = await db
    .select({
      runKey: runs.runKey,
      status: runs.status,
      outcome: runs.outcome,
      updatedAt: runs.updatedAt,
    })
    .from(runs)
    .where(inArray(runs.runKey, [...runKeys]))
  return new Map(rows.map((r) => [r.runKey, r]))
}

/** Followers of an account with a run that has not ended. */
export function activeFollowersByAccount(
  db: Db,
  appId: string,
): Promise<(FollowerKey & { runId: string | null })[]> {
  return db
    .select({ appId: runs.appId, openId: runs.openId, runId: runs.runId })
    .from(runs)
    .where(and(ne(runs.status, 'ended'), eq(runs.appId, appId)))
}

/** Runs of an account that have not ended. */
export function activeRunsByAccount(db: Db, appId: string, limit: number): Promise<RunRow[]> {
  return db
    .select()
    .from(runs)
    .where(and(ne(runs.status, 'ended'), eq(runs.appId, appId)))
    .limit(limit)
}

/** Runs of a follower that have not ended. */
export function activeRunsByFollower(db: Db, follower: FollowerKey): Promise<RunRow[]> {
  return db
    .select()
    .from(runs)
    .where(and(eq(runs.appId, follower.appId), eq(runs.openId, follower.openId), ne(runs.status, 'ended')))
}

/** Runs with a dispatched entry that have not ended and not changed since `before`, in the order of their keys. */
export function staleRuns(db: Db, page: { after: string; before: number; limit: number }): Promise<RunRow[]> {
  return db
    .select()
    .from(runs)
    .where(
      and(
        ne(runs.status, 'ended'),
        gt(runs.runKey, page.after),
        lt(runs.updatedAt, page.before),
        sql`NOT EXISTS (SELECT 1 FROM ${inbox} i WHERE i.dedupe_key = ${runs.runKey} AND i.dispatched_at IS NULL)`,
      ),
    )
    .orderBy(asc(runs.runKey))
    .limit(page.limit)
}

/** Ends a run whose workflow cannot record it. False when the row has changed since `revision`. */
export async function endRunFromOutside(
  db: Db,
  runKey: string,
  revision: number,
  state: RunState,
  now: number,
): Promise<boolean> {
  const isAsRead = and(eq(runs.runKey, runKey), eq(runs.revision, revision), ne(runs.status, 'ended'))
  const { value } = await storeSnapshot({ state, runId: null }, now, (columns) =>
    db.update(runs).set(columns).where(isAsRead).returning({ runKey: runs.runKey }),
  )
  return (value ?? []).length > 0
}

function rowOf(
  follower: FollowerKey,
  start: RunStart,
  snapshot: Snapshot,
  now: number,
  cohort: Cohort | null,
): typeof runs.$inferInsert {
  const { state } = snapshot
  return {
    runKey: start.entry.key,
    ...follower,
    campaign: start.plan.campaign,
    version: start.plan.version,
    // From the state, from which refused texts were removed.
    entry: state.entry,
    plan: storedPlan(start.plan),
    startedAt: state.startedAt,
    createdAt: now,
    entryDay: cohort?.day ?? null,
    scenePattern: cohort?.scene ?? null,
    ...snapshotColumns(snapshot, now),
  }
}
