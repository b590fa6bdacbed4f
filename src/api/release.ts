import { waitingRuns } from '../store/runs.ts'
import type { ApiDeps } from './kit.ts'

const AT_ONCE = 20

/**
 * Wakes the runs that a campaign or an account kept back, in the background: they go at once, not at their next look.
 * A wake-up that gets lost costs that delay and nothing else.
 */
export function releaseRuns(
  { db, runs, log }: Pick<ApiDeps, 'db' | 'runs' | 'log'>,
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
