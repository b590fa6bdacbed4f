import { purgePreviousKeys } from '../store/accounts.ts'
import type { Db } from '../store/db.ts'
import { purgeFollowers } from '../store/followers.ts'
import { purgeInbox } from '../store/inbox.ts'
import { purgePlatform } from '../store/platform.ts'
import { anonymiseRuns } from '../store/runs.ts'
import { purgePlaces } from '../store/sign-in-places.ts'
import type { PeriodicJob } from './periodic.ts'

const DAY_MS = 86_400_000
/** Contract, section 3: a dedupe key is remembered for seven days. */
const KEYS_KEPT_MS = 7 * DAY_MS

/** The daily purge: old dedupe keys and authorisations of platforms go, runs that ended long ago lose whose they were and what was said. */
export function createPurge(deps: { db: Db; now: () => number; retentionDays: number }): PeriodicJob {
  const { db, now } = deps
  return {
    name: 'purge',
    everyMs: DAY_MS,
    leaseMs: 600_000,
    async run() {
      const before = now() - deps.retentionDays * DAY_MS
      await purgeInbox(db, now() - KEYS_KEPT_MS)
      await anonymiseRuns(db, before)
      await purgeFollowers(db, before)
      await purgePreviousKeys(db, now())
      await purgePlatform(db, now() - KEYS_KEPT_MS)
      await purgePlaces(db, now())
    },
  }
}
