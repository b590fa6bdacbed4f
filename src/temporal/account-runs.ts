import pMap from 'p-map'
import type { FollowerKey } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { REMOVED_REASON } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import { activeFollowersByAccount, followersWithDeferredSteps } from '../store/runs/run-rows.ts'
import type { RunClient } from './run-client.ts'

const CONCURRENCY = 20

/**
 * Wakes the runs that a campaign or an account kept back, in the background: they go at once, not at their next look.
 * A wake-up that gets lost costs that delay and nothing else.
 */
export function retryDeferredSteps(
  { db, runs, log }: { db: Db; runs: RunClient; log: Log },
  filter: { campaign: string } | { appId: string },
): void {
  const wakeAll = async () => {
    const followers = await followersWithDeferredSteps(db, filter)
    await pMap(followers, (follower) => runs.signal(follower, 'retryNow'), { concurrency: CONCURRENCY })
  }
  wakeAll().catch((err) =>
    log.warn({ err, ...filter }, 'some runs were not woken; they look again by themselves'),
  )
}

/**
 * Tells these runs that their account was removed, in the background; their rows say so already. While Temporal is away
 * nothing is lost: the reconciler finds each run that goes on although its row is ended.
 */
export function endRemovedRuns(
  { runs, log }: { runs: RunClient; log: Log },
  open: readonly (FollowerKey & { runId: string | null })[],
): void {
  pMap(open, (follower) => endRemovedRun(runs, follower, follower.runId), { concurrency: CONCURRENCY }).catch(
    (err) => log.warn({ err }, 'some runs were not told that they are over; the reconciler tells them'),
  )
}

/**
 * Ends one run whose account was removed: this execution of it and no later one, since the account may be added again and
 * the follower come back meanwhile. One that Temporal has not named yet is left to the dispatcher and the reconciler.
 */
export async function endRemovedRun(
  runs: Pick<RunClient, 'signal'>,
  follower: FollowerKey,
  runId: string | null,
): Promise<void> {
  if (runId === null) return
  await runs.signal(follower, 'stop', { outcome: 'account-stopped', reason: REMOVED_REASON }, runId)
}

/** Ends every run of an account as `account-stopped`. @throws TemporalUnavailableError while Temporal is away */
export async function stopAccountRuns(
  { db, runs }: { db: Db; runs: RunClient },
  appId: string,
  reason: string,
): Promise<void> {
  for (const follower of await activeFollowersByAccount(db, appId))
    await runs.signal(follower, 'stop', { outcome: 'account-stopped', reason })
}
