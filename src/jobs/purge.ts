import { purgePlatform } from '../store/accounts/platform-store.ts'
import { purgePreviousKeys } from '../store/accounts/previous-keys.ts'
import type { Db } from '../store/db.ts'
import { purgeInbox } from '../store/inbox/inbox-rows.ts'
import { purgeFollowers } from '../store/runs/follower-rows.ts'
import { anonymiseRuns } from '../store/runs/run-rows.ts'
import { purgeSignInLocations } from '../store/users/sign-in-locations.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

const DAY_MS = 86_400_000
/** Contract, section 3: a dedupe key is remembered for seven days. */
const DEDUPE_KEY_LIFETIME_MS = 7 * DAY_MS

/** The daily purge: old dedupe keys and authorisations of platforms go, runs that ended long ago lose whose they were and what was said. */
export function createPurge(deps: { db: Db; now: () => number; retentionDays: number }): PeriodicJob {
  const { db, now } = deps
  return {
    name: 'purge',
    everyMs: DAY_MS,
    leaseMs: 600_000,
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
