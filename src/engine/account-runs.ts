import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
import { activeRuns, type Whose, waitingRuns } from '../store/runs.ts'
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
    const waiting = await waitingRuns(db, by)
    while (waiting.length > 0) {
      await Promise.all(waiting.splice(0, AT_ONCE).map((whose) => runs.signal(whose, 'release')))
    }
  }
  work().catch((err) => log.warn({ err, ...by }, 'some runs were not woken; they look again by themselves'))
}

/** Ends these runs as `account-stopped`. @throws EngineAwayError while Temporal is away */
export async function stopRuns(runs: Runs, open: readonly Whose[], reason: string): Promise<void> {
  for (const whose of open) await runs.signal(whose, 'stop', { outcome: 'account-stopped', reason })
}

/** Ends every run of an account as `account-stopped`. @throws EngineAwayError while Temporal is away */
export async function stopAccountRuns(
  { db, runs }: { db: Db; runs: Runs },
  appId: string,
  reason: string,
): Promise<void> {
  await stopRuns(runs, await activeRuns(db, appId), reason)
}
