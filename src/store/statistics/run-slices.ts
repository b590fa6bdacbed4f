import { type SQL, sql } from 'drizzle-orm'
import type { Pause } from '../../shared/background-pace.ts'
import type { Db } from '../db.ts'
import { runs } from '../schema.ts'
import { execute } from '../sql.ts'

/** The most runs that one statement counts. The embedded store does nothing else meanwhile. */
const RUNS_PER_SLICE = 2_000
/** The same of a count for which nobody waits. It takes longer in all, and nothing else waits for it long. */
const RUNS_PER_BACKGROUND_SLICE = 500

/** How a count is divided into statements. */
export interface CountParts {
  /** Called between them. */
  pause: Pause
  /** The most runs that the next one counts. */
  slice(): number
}

/** @param isAwaited whether somebody waits for the count now */
export const partsOf = (pause: Pause, isAwaited: () => boolean): CountParts => ({
  pause,
  slice: () => (isAwaited() ? RUNS_PER_SLICE : RUNS_PER_BACKGROUND_SLICE),
})

/** Without pauses. */
export const WHOLE: CountParts = { pause: async () => {}, slice: () => RUNS_PER_SLICE }

/** A count is repeated when a purge has moved some meanwhile, so often in all. */
const ATTEMPTS = 2

/**
 * Counts the runs that exist and what the purges have kept of deleted ones, by several statements. What is purged meanwhile is counted
 * once: then the count is repeated, and in the end one statement does it.
 * @param count.kept selects one number, `n`. Only the purges add to it, so that it tells whether they have moved runs
 */
export async function countUndisturbed<T>(
  db: Db,
  count: { kept: SQL; inSlices(): Promise<T>; atOnce(): Promise<T> },
): Promise<T> {
  const readKept = async () => {
    const { rows } = await execute<{ n: number | string | null }>(db, count.kept)
    return Number(rows[0]?.n ?? 0)
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await readKept()
    const counted = await count.inSlices()
    if ((await readKept()) === before) return counted
  }
  return count.atOnce()
}

/**
 * Counts runs that exist, slice by slice in the order of their arrival, with a pause after each.
 * @param which selects them, under the alias `r`, so that an index has their order
 * @param parts those that arrived in the same millisecond are not divided
 * @param count gets a condition that selects a slice, for the alias `r` of the runs
 */
export async function forEachSlice(
  db: Db,
  which: SQL,
  { pause, slice }: CountParts,
  count: (isInSlice: SQL) => Promise<void>,
): Promise<void> {
  for (let after: number | null = null; ; ) {
    const began = performance.now()
    const until = await endOfSlice(db, which, after, slice())
    await count(sql`${after === null ? sql`true` : sql`r.created_at > ${after}::bigint`}
      AND ${until === null ? sql`true` : sql`r.created_at <= ${until}::bigint`}`)
    await pause(performance.now() - began)
    if (until === null) return
    after = until
  }
}

/** When the last run of the next slice was stored, epoch ms; null: the slice has all runs that are left. Reads an index alone. */
async function endOfSlice(db: Db, which: SQL, after: number | null, slice: number): Promise<number | null> {
  const isAfter = after === null ? sql`` : sql`AND r.created_at > ${after}::bigint`
  const { rows } = await execute<{ at: number | string }>(
    db,
    sql`SELECT r.created_at AS at FROM ${runs} r WHERE ${which} ${isAfter}
      ORDER BY r.created_at OFFSET ${slice - 1}::integer LIMIT 1`,
  )
  return rows[0] ? Number(rows[0].at) : null
}
