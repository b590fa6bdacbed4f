import { finishRemoval, unfinishedRemovals } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

/** Removals of accounts whose process died before all runs were ended. */
export function createAccountRemovalJob({ db, now }: { db: Db; now: () => number }): PeriodicJob {
  return {
    name: 'finish-removals',
    everyMs: 30_000,
    leaseMs: 120_000,
    async run() {
      for (const appId of await unfinishedRemovals(db)) await finishRemoval(db, appId, now())
    },
  }
}
