import type { FollowerKey } from '../shared/ids.ts'
import { DAY_MS, MINUTE_MS } from '../shared/time-units.ts'
import { purgePlatform } from '../store/accounts/platform-store.ts'
import { purgePreviousKeys } from '../store/accounts/previous-keys.ts'
import { purgeBulkRuns } from '../store/bulk/bulk-jobs.ts'
import { purgeTestSends } from '../store/campaigns/test-sends.ts'
import type { Db } from '../store/db.ts'
import { purgeInbox } from '../store/inbox/inbox-rows.ts'
import { purgeKeptTexts } from '../store/inbox/kept-texts.ts'
import { anonymiseRuns, type EndedRunKey } from '../store/runs/anonymise-runs.ts'
import { purgeFollowers } from '../store/runs/follower-rows.ts'
import { purgeActivity } from '../store/statistics/activity-counts.ts'
import { countRuns } from '../store/statistics/count-runs.ts'
import type { PagePurge, TablePage } from '../store/table-page.ts'
import { purgeSignInLocations } from '../store/users/sign-in-locations.ts'
import { purgeOutbox } from '../store/webhooks/outbox.ts'
import { type PeriodicJob, ROUND_BUDGET_MS } from './periodic-jobs.ts'

/** How long the store keeps a dedupe key: docs/contract.md#3-callbacks. */
const DEDUPE_KEY_LIFETIME_MS = 7 * DAY_MS
/** Rows in one statement. Small enough that the embedded store, which works on one statement at a time, stays responsive. */
const BATCH = 500

/** The overview shows today and yesterday. */
const ACTIVITY_LIFETIME_MS = 8 * DAY_MS
/** How long a delivered webhook is listed. */
const DELIVERED_WEBHOOK_LIFETIME_MS = 7 * DAY_MS

/**
 * The daily purge. It deletes kept texts after the days of their account, and dispatched inbox rows without a text, which hold
 * the dedupe keys, test sends, and handled authorisation events of the platform after seven days. It deletes pending
 * authorisations, previous keys and sign-in locations after they expired. It removes the personal data of runs that ended more
 * than `retentionDays` days ago, and followers without runs, failed webhooks and the lists of runs of bulk jobs after the same
 * time. It counts runs that 0.3 has written for the statistics. Large tables are read page by page. A round that takes long ends
 * early, and the next round continues.
 */
export function createPurge(deps: {
  db: Db
  now: () => number
  retentionDays: number
  batch?: number
  budgetMs?: number
}): PeriodicJob {
  const { db, now, batch = BATCH, budgetMs = ROUND_BUDGET_MS } = deps
  const oldest = () => now() - deps.retentionDays * DAY_MS
  const tables = [
    untilFewer(batch, () => purgeKeptTexts(db, { now: now(), maxDays: deps.retentionDays, limit: batch })),
    pageByPage<number>(batch, (page) => purgeInbox(db, { ...page, before: now() - DEDUPE_KEY_LIFETIME_MS })),
    pageByPage<EndedRunKey>(batch, (page) => anonymiseRuns(db, { ...page, before: oldest() })),
    pageByPage<FollowerKey>(batch, (page) => purgeFollowers(db, { ...page, before: oldest() })),
    untilFewer(batch, () =>
      purgeOutbox(db, { delivered: now() - DELIVERED_WEBHOOK_LIFETIME_MS, failed: oldest() }, batch),
    ),
    untilFewer(batch, () => purgeTestSends(db, now() - DEDUPE_KEY_LIFETIME_MS, batch)),
    untilFewer(batch, () => purgeBulkRuns(db, oldest(), batch)),
    // Last: it deletes nothing, and reads every run.
    pageByPage<string>(batch, (page) => countRuns(db, page)),
  ]
  /** The table that the last round has not finished. */
  let current = 0
  return {
    name: 'purge',
    everyMs: DAY_MS,
    leaseMs: 10 * MINUTE_MS,
    async run() {
      const until = performance.now() + budgetMs
      for (const purge of tables.slice(current)) {
        if (!(await purge(until))) return 'unfinished'
        current += 1
      }
      current = 0
      await purgePreviousKeys(db, now())
      await purgePlatform(db, now() - DEDUPE_KEY_LIFETIME_MS)
      await purgeSignInLocations(db, now())
      await purgeActivity(db, now() - ACTIVITY_LIFETIME_MS)
      return 'finished'
    },
  }
}

/** @returns a function that purges until fewer than `limit` rows were left. Its result is false when the time ran out */
function untilFewer(limit: number, purge: () => Promise<number>) {
  return async (until: number): Promise<boolean> => {
    while ((await purge()) >= limit) if (performance.now() > until) return false
    return true
  }
}

/** @returns a function that purges from where it stopped last, at least one page. Its result is false when the time ran out */
function pageByPage<Key>(limit: number, purge: (page: TablePage<Key>) => Promise<PagePurge<Key>>) {
  let after: Key | null = null
  return async (until: number): Promise<boolean> => {
    for (;;) {
      const { next }: PagePurge<Key> = await purge({ after, limit })
      after = next
      if (next === null) return true
      if (performance.now() > until) return false
    }
  }
}
