import { closingMoment, closingStart, closingUntil } from '../run/closing-moment.ts'
import type { FollowerKey } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { MINUTE_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import { type ClosingEntry, findClosingWindows, storeWindowClosing } from '../store/inbox/window-closing.ts'
import { type PeriodicJob, ROUND_BUDGET_MS } from './periodic-jobs.ts'

/** Followers in one statement. */
const BATCH = 200

interface WindowClosingDeps {
  db: Db
  /** In the order of their priority. */
  entries: () => Promise<readonly ClosingEntry[]>
  /** Called after events were stored. */
  onEvents: () => void
  now: () => number
  log: Log
}

/**
 * Stores the events of windows that close, each minute. A follower has one for each message grant, for the first campaign whose
 * moment comes. After an outage late events follow, as long as the grant lasts.
 */
export function createWindowClosingJob(deps: WindowClosingDeps): PeriodicJob {
  return {
    name: 'window-closing',
    everyMs: MINUTE_MS,
    leaseMs: 2 * MINUTE_MS,
    async run() {
      const until = performance.now() + ROUND_BUDGET_MS
      let stored = 0
      const mayGoOn = () => performance.now() < until
      let isFinished = true
      for (const entry of await deps.entries()) {
        const count = await storeEvents(deps, entry, mayGoOn)
        stored += count.stored
        isFinished &&= count.isFinished
      }
      if (stored > 0) {
        deps.onEvents()
        deps.log.info({ followers: stored }, 'windows of followers close; their runs begin')
      }
      return isFinished ? 'finished' : 'unfinished'
    },
  }
}

async function storeEvents(
  { db, now }: WindowClosingDeps,
  { start, rule, appIds }: ClosingEntry,
  mayGoOn: () => boolean,
): Promise<{ stored: number; isFinished: boolean }> {
  const until = closingUntil(rule, now())
  if (until === null || appIds.length === 0) return { stored: 0, isFinished: true }
  for (let stored = 0; ; ) {
    const found = await findClosingWindows(db, { appIds, until, now: now(), limit: BATCH })
    for (const window of found) {
      if (!mayGoOn()) return { stored, isFinished: false }
      await storeWindowClosing(db, window, start, now())
      stored++
    }
    if (found.length < BATCH) return { stored, isFinished: true }
  }
}

/** The closing window of one follower whose clock a test or a developer moves. */
export function createClosingClock(deps: Omit<WindowClosingDeps, 'now' | 'log'>) {
  const find = ({ appId, openId }: FollowerKey, entry: ClosingEntry, now: number) =>
    entry.appIds.includes(appId)
      ? findClosingWindows(deps.db, {
          appIds: [appId],
          openId,
          until: Number.MAX_SAFE_INTEGER,
          now,
          limit: 1,
        })
      : []
  return {
    /** When the follower's next run begins by a closing window, epoch ms; null when none does. */
    async nextAt(follower: FollowerKey, now: number): Promise<number | null> {
      const moments: number[] = []
      for (const entry of await deps.entries()) {
        const [window] = await find(follower, entry, now)
        if (!window) continue
        const moment = closingMoment(entry.rule, window.endsAt)
        moments.push(moment > now ? moment : closingStart(entry.rule, now))
      }
      return moments.length > 0 ? Math.min(...moments) : null
    },
    /** Stores the event when its moment has come. @returns whether it was stored */
    async arriveAt(follower: FollowerKey, now: number): Promise<boolean> {
      for (const entry of await deps.entries()) {
        const [window] = await find(follower, entry, now)
        const until = closingUntil(entry.rule, now)
        if (!window || until === null || window.endsAt > until) continue
        await storeWindowClosing(deps.db, window, entry.start, now)
        deps.onEvents()
        return true
      }
      return false
    },
  }
}
