import type { Db } from '../store/db.ts'
import { finishRemoval, unfinishedRemovals } from '../store/removed-accounts.ts'
import type { PeriodicJob } from './periodic.ts'

/** Removals of accounts whose process died before all runs were ended. */
export function createRemovalJob({ db, now }: { db: Db; now: () => number }): PeriodicJob {
  return {
    name: 'finish-removals',
    everyMs: 30_000,
    leaseMs: 120_000,
    async run() {
      for (const appId of await unfinishedRemovals(db)) await finishRemoval(db, appId, now())
    },
  }
}
