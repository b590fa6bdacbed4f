import { createHmac, randomBytes } from 'node:crypto'
import { eq, inArray, sql } from 'drizzle-orm'
import type { ReachedGoal } from '../../run/goal.ts'
import type { ForkState, StepState } from '../../run/state.ts'
import type { Db } from '../db.ts'
import { deliveries, runs, settings } from '../schema.ts'
import { execute } from '../sql.ts'
import { type EntryFilter, runsOfCampaign } from '../statistics/read-statistics.ts'
import type { Delivery } from './deliveries.ts'
import { readGoals } from './goals.ts'

/** The order of an export: by arrival. */
export interface RunPosition {
  createdAt: number
  runKey: string
}

/** A run, without the texts of its follower. Times are epoch ms. */
export interface ExportableRun extends RunPosition {
  appId: string
  openId: string
  version: number
  outcome: string | null
  startedAt: number
  /** The pattern of the campaign file that fitted the scene of the entry; null: none. */
  scene: string | null
  steps: readonly StepState[]
  forks: readonly ForkState[]
  /** What is newer than the steps. */
  deliveries: readonly RunDelivery[]
  goal: ReachedGoal | null
}

/** What an export needs to know of a delivery. */
export type RunDelivery = Pick<
  Delivery,
  'stepId' | 'state' | 'reason' | 'errcode' | 'intentAt' | 'endedAt' | 'sentAt'
>

type Row = Omit<ExportableRun, 'createdAt' | 'startedAt' | 'deliveries' | 'goal'> & {
  createdAt: number | string
  startedAt: number | string
}

/**
 * Reads a page of the runs of a campaign that exist. Each statement is short, whatever the number of runs.
 * @param until runs that arrived later are left out, epoch ms, so that an export of a busy campaign ends
 */
export async function readRunPage(
  db: Db,
  { campaign, filter, until }: { campaign: string; filter: EntryFilter; until: number },
  { after, limit }: { after: RunPosition | null; limit: number },
): Promise<ExportableRun[]> {
  const isAfter = after
    ? sql`AND (r.created_at, r.run_key) > (${after.createdAt}::bigint, ${after.runKey})`
    : sql``
  const { rows } = await execute<Row>(
    db,
    sql`SELECT r.run_key AS "runKey", r.created_at AS "createdAt", r.app_id AS "appId", r.open_id AS "openId", r.version, r.outcome,
        r.started_at AS "startedAt", r.scene_pattern AS scene, r.state->'steps' AS steps,
        COALESCE(r.state->'forks', '[]'::jsonb) AS forks
      FROM ${runs} r
      WHERE ${runsOfCampaign(campaign, filter)} AND r.created_at <= ${until}::bigint ${isAfter}
      ORDER BY r.created_at, r.run_key LIMIT ${limit}`,
  )
  const keys = rows.map(({ runKey }) => runKey)
  const [byRun, goals] = await Promise.all([deliveriesOf(db, keys), readGoals(db, keys)])
  return rows.map(({ createdAt, startedAt, ...run }) => ({
    ...run,
    createdAt: Number(createdAt),
    startedAt: Number(startedAt),
    deliveries: byRun.get(run.runKey) ?? [],
    goal: goals.get(run.runKey) ?? null,
  }))
}

async function deliveriesOf(db: Db, runKeys: readonly string[]): Promise<Map<string, RunDelivery[]>> {
  const byRun = new Map<string, RunDelivery[]>()
  if (runKeys.length === 0) return byRun
  const rows = await db
    .select({
      runKey: deliveries.runKey,
      stepId: deliveries.stepId,
      state: deliveries.state,
      reason: deliveries.reason,
      errcode: deliveries.errcode,
      intentAt: deliveries.intentAt,
      endedAt: deliveries.endedAt,
      sentAt: deliveries.sentAt,
    })
    .from(deliveries)
    .where(inArray(deliveries.runKey, [...runKeys]))
  for (const { runKey, ...delivery } of rows) {
    const known = byRun.get(runKey)
    if (known) known.push(delivery)
    else byRun.set(runKey, [delivery])
  }
  return byRun
}

const EXPORT_KEY = 'run-export-key'
const KEY_BYTES = 32
/** 132 bits: no two runs share one. */
const EXPORTED_KEY_CHARS = 22

/**
 * Names runs in exports. A run key is a hash of the entry, which anybody who knows the follower's openId could compute and look up.
 * The name is a hash with a key that only the store has: the same in each export, until the follower is erased. The key is as
 * secret as the openIds, which are in the store beside it.
 */
export async function readRunNaming(db: Db, now: number): Promise<(runKey: string) => string> {
  await db
    .insert(settings)
    .values({ name: EXPORT_KEY, value: randomBytes(KEY_BYTES).toString('base64url'), updatedAt: now })
    .onConflictDoNothing()
  const [found] = await db.select().from(settings).where(eq(settings.name, EXPORT_KEY))
  if (!found) throw new Error('The key of exports was not stored')
  return (runKey) =>
    createHmac('sha256', found.value).update(runKey).digest('base64url').slice(0, EXPORTED_KEY_CHARS)
}
