import { inArray, lt, sql } from 'drizzle-orm'
import { HOUR_MS, MINUTE_MS } from '../../shared/time-units.ts'
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

/** A period of slots: those that begin at `from` or later, and before `until`. Epoch ms. */
export interface SlotPeriod {
  from: number
  until: number
}

/** What the overview shows. */
const SHOWN_METRICS = ['entered', 'replied', 'send', 'skipped', 'late']

/**
 * The counts that the overview shows, of all slots from `from` on, epoch ms. They are added up by the hour: `slot` is where the hour
 * begins. The slots of `apart` are not added up.
 */
export async function readActivity(
  db: Db,
  from: number,
  apart: readonly SlotPeriod[],
): Promise<(ActivityCount & { slot: number })[]> {
  const isApart = apart.map((p) => sql`(slot >= ${p.from}::bigint AND slot < ${p.until}::bigint)`)
  const { rows } = await execute<ActivityCount & { slot: number | string; n: number | string }>(
    db,
    sql`SELECT CASE WHEN ${sql.join([sql`false`, ...isApart], sql` OR `)} THEN slot ELSE slot - slot % ${HOUR_MS}::bigint END AS slot,
        metric, label, sum(n) AS n
      FROM ${activityCounts}
      WHERE ${activityCounts.slot} >= ${from}::bigint AND ${inArray(activityCounts.metric, SHOWN_METRICS)}
      GROUP BY 1, metric, label ORDER BY 1`,
  )
  return rows.map((row) => ({ ...row, slot: Number(row.slot), n: Number(row.n) }))
}

/** Deletes the slots before a time, epoch ms. */
export async function purgeActivity(db: Db, before: number): Promise<void> {
  await db.delete(activityCounts).where(lt(activityCounts.slot, before))
}
