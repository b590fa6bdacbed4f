import { DAY_MS, MINUTE_MS } from '../shared/time-units.ts'
import { purgePlatform } from '../store/accounts/platform-store.ts'
import { purgePreviousKeys } from '../store/accounts/previous-keys.ts'
import type { Db } from '../store/db.ts'
import { purgeInbox } from '../store/inbox/inbox-rows.ts'
import { purgeFollowers } from '../store/runs/follower-rows.ts'
import { anonymiseRuns } from '../store/runs/run-rows.ts'
import { purgeSignInLocations } from '../store/users/sign-in-locations.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

/** How long the store keeps a dedupe key: docs/contract.md#3-callbacks. */
const DEDUPE_KEY_LIFETIME_MS = 7 * DAY_MS

/**
 * The daily purge. It deletes dispatched inbox rows, which hold the dedupe keys, and handled authorisation events of the
 * platform after seven days. It deletes pending authorisations, previous keys and sign-in locations after they expired. It
 * removes the personal data of runs that ended more than `retentionDays` days ago, and followers without runs after the
 * same time.
 */
export function createPurge(deps: { db: Db; now: () => number; retentionDays: number }): PeriodicJob {
  const { db, now } = deps
  return {
    name: 'purge',
    everyMs: DAY_MS,
    leaseMs: 10 * MINUTE_MS,
    async run() {
      const before = now() - deps.retentionDays * DAY_MS
      await purgeInbox(db, now() - DEDUPE_KEY_LIFETIME_MS)
      await anonymiseRuns(db, before)
      await purgeFollowers(db, before)
      await purgePreviousKeys(db, now())
      await purgePlatform(db, now() - DEDUPE_KEY_LIFETIME_MS)
      await purgeSignInLocations(db, now())
    },
  }
}
