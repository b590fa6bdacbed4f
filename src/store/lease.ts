import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** Largest tolerated difference between the clocks of two processes, or of one before and after a correction. */
const MAX_CLOCK_SKEW_MS = 60_000

/**
 * True for a lease that nobody holds: there is none, it has expired, or it ends later than any lease taken now could. The
 * latter was written by a clock that was ahead, and would block its row until that time.
 */
export function isLeaseFree(until: SQLWrapper, { now, leaseMs }: { now: number; leaseMs: number }): SQL {
  return sql`(${until} IS NULL OR ${until} < ${now}::bigint OR ${isInFuture(until, now + leaseMs)})`
}

/** True for a time that is later than `latest` by more than clocks may differ. */
export function isInFuture(time: SQLWrapper, latest: number): SQL {
  return sql`${time} > ${latest + MAX_CLOCK_SKEW_MS}::bigint`
}
