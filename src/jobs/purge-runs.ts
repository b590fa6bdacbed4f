import type { Log } from '../shared/log.ts'
import { DAY_MS, MINUTE_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import { purgeRuns } from '../store/runs/purge-runs.ts'
import { type PeriodicJob, ROUND_BUDGET_MS } from './periodic-jobs.ts'

/** Runs in one statement. Small enough that the embedded store, which works on one statement at a time, stays responsive. */
const BATCH = 200

/**
 * Deletes runs that ended long ago, with their deliveries. Their counts stay in the totals of their campaign version. A run is
 * anonymised before it is deleted, so it is kept for at least `retentionDays`.
 * @param deps.runRetentionDays 0: runs are kept indefinitely
 */
export function createRunPurge(deps: {
  db: Db
  now: () => number
  log: Log
  retentionDays: number
  runRetentionDays: number
  batch?: number
}): PeriodicJob {
  const { db, now, log, retentionDays, runRetentionDays, batch = BATCH } = deps
  const keptMs = Math.max(retentionDays, runRetentionDays) * DAY_MS
  return {
    name: 'purge-runs',
    everyMs: 5 * MINUTE_MS,
    leaseMs: 2 * MINUTE_MS,
    async run() {
      if (runRetentionDays === 0) return
      const until = performance.now() + ROUND_BUDGET_MS
      const before = now() - keptMs
      let total = 0
      for (;;) {
        const deleted = await purgeRuns(db, { before, limit: batch })
        total += deleted
        if (deleted < batch || performance.now() > until) break
      }
      if (total > 0) log.info({ runs: total }, 'ended runs deleted; their counts are kept')
    },
  }
}
