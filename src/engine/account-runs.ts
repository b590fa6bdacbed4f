import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
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
 * Ends these runs as `account-stopped`, in the background; their rows say so already. While Temporal is away nothing is
 * lost: the reconciler finds each run that goes on although its row is ended.
 */
export function stopRuns(
  { runs, log }: { runs: Runs; log: Log },
  open: readonly Whose[],
  reason: string,
): void {
  parallel(open, AT_ONCE, (whose) => stop(runs, whose, reason)).catch((err) =>
    log.warn({ err }, 'some runs were not told that they are over; the reconciler tells them'),
  )
}

/** Ends every run of an account as `account-stopped`. @throws EngineAwayError while Temporal is away */
export async function stopAccountRuns(
  { db, runs }: { db: Db; runs: Runs },
  appId: string,
  reason: string,
): Promise<void> {
  for (const whose of await activeRuns(db, appId)) await stop(runs, whose, reason)
}

const stop = (runs: Runs, whose: Whose, reason: string) =>
  runs.signal(whose, 'stop', { outcome: 'account-stopped', reason })
