import { lt, sql } from 'drizzle-orm'
import { MINUTE_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { activityCounts } from '../schema.ts'
import { execute } from '../sql.ts'

/** The length of a slot. Times of a day are compared with those of the day before by slots. */
export const SLOT_MS = 10 * MINUTE_MS

export interface ActivityCount {
  metric: string
  /** The reason, outcome or bucket; '' without one. */
  label: string
  n: number
}

/** The start of the slot of a time, epoch ms. */
export function slotOf(at: number): number {
  return Math.floor(at / SLOT_MS) * SLOT_MS
}

/** Adds counts to a slot. Other processes add theirs to the same rows. */
export async function addActivity(db: Db, slot: number, counts: readonly ActivityCount[]): Promise<void> {
  if (counts.length === 0) return
  await db
    .insert(activityCounts)
    // In one order, so that two processes do not wait for each other.
    .values(
      counts
        .map((count) => ({ slot, ...count }))
        .sort((a, b) => (`${a.metric} ${a.label}` < `${b.metric} ${b.label}` ? -1 : 1)),
    )
    .onConflictDoUpdate({
      target: [activityCounts.slot, activityCounts.metric, activityCounts.label],
      set: { n: sql`${activityCounts.n} + excluded.n` },
    })
}

/** The counts of all slots from `from` on, epoch ms. */
export async function readActivity(db: Db, from: number): Promise<(ActivityCount & { slot: number })[]> {
  const { rows } = await execute<ActivityCount & { slot: number | string; n: number | string }>(
    db,
    sql`SELECT slot, metric, label, n FROM ${activityCounts} WHERE slot >= ${from}::bigint ORDER BY slot`,
  )
  return rows.map((row) => ({ ...row, slot: Number(row.slot), n: Number(row.n) }))
}

/** Deletes the slots before a time, epoch ms. */
export async function purgeActivity(db: Db, before: number): Promise<void> {
  await db.delete(activityCounts).where(lt(activityCounts.slot, before))
}
