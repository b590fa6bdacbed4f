import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
import { REMOVED_REASON } from '../store/removed-accounts.ts'
import { activeRuns, type Whose, waitingRuns } from '../store/runs.ts'
import { parallel } from './parallel.ts'
import type { Runs } from './runs.ts'

const AT_ONCE = 20

/**
 * Wakes the runs that a campaign or an account kept back, in the background: they go at once, not at their next look.
 * A wake-up that gets lost costs that delay and nothing else.
 */
export function releaseRuns(
  { db, runs, log }: { db: Db; runs: Runs; log: Log },
  by: { campaign: string } | { appId: string },
): void {
  const work = async () => {
    await parallel(await waitingRuns(db, by), AT_ONCE, (whose) => runs.signal(whose, 'release'))
  }
  work().catch((err) => log.warn({ err, ...by }, 'some runs were not woken; they look again by themselves'))
}

/**
 * Tells these runs that their account was removed, in the background; their rows say so already. While Temporal is away
 * nothing is lost: the reconciler finds each run that goes on although its row is ended.
 */
export function endRemovedRuns(
  { runs, log }: { runs: Runs; log: Log },
  open: readonly (Whose & { runId: string | null })[],
): void {
  parallel(open, AT_ONCE, (whose) => endRemovedRun(runs, whose, whose.runId)).catch((err) =>
    log.warn({ err }, 'some runs were not told that they are over; the reconciler tells them'),
  )
}

/**
 * Ends one run whose account was removed: this execution of it and no later one, since the account may be added again and
 * the follower come back meanwhile. One that Temporal has not named yet is left to the dispatcher and the reconciler.
 */
export async function endRemovedRun(
  runs: Pick<Runs, 'signal'>,
  whose: Whose,
  runId: string | null,
): Promise<void> {
  if (runId === null) return
  await runs.signal(whose, 'stop', { outcome: 'account-stopped', reason: REMOVED_REASON }, runId)
}

/** Ends every run of an account as `account-stopped`. @throws EngineAwayError while Temporal is away */
export async function stopAccountRuns(
  { db, runs }: { db: Db; runs: Runs },
  appId: string,
  reason: string,
): Promise<void> {
  for (const whose of await activeRuns(db, appId))
    await runs.signal(whose, 'stop', { outcome: 'account-stopped', reason })
}
