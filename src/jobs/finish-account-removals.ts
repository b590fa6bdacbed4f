import { MINUTE_MS, SECOND_MS } from '../shared/time-units.ts'
import { finishRemoval, unfinishedRemovals } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

/** Finishes the removal of accounts whose process died before all runs had ended. */
export function createAccountRemovalJob({ db, now }: { db: Db; now: () => number }): PeriodicJob {
  return {
    name: 'finish-removals',
    everyMs: 30 * SECOND_MS,
    leaseMs: 2 * MINUTE_MS,
    async run() {
      for (const appId of await unfinishedRemovals(db)) await finishRemoval(db, appId, now())
    },
  }
}
