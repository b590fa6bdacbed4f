import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** How far clocks of two processes, or of one before and after a correction, may be apart. */
const MAX_CLOCK_SKEW_MS = 60_000

/**
 * True of a lease that nobody holds: none, one that has run out, or one that ends later than any lease taken now could.
 * The last was written by a clock that was ahead: believing it would block its row until the clock is there again.
 */
export function isLeaseFree(until: SQLWrapper, { now, leaseMs }: { now: number; leaseMs: number }): SQL {
  return sql`(${until} IS NULL OR ${until} < ${now}::bigint OR ${isInFuture(until, now + leaseMs)})`
}

/** True of a time that no honest clock can have written: later than `latest` by more than clocks differ. */
export function isInFuture(time: SQLWrapper, latest: number): SQL {
  return sql`${time} > ${latest + MAX_CLOCK_SKEW_MS}::bigint`
}
