import pMap from 'p-map'
import type { FollowerKey } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { REMOVED_REASON } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import { activeFollowersByAccount, followersWithDeferredSteps } from '../store/runs/run-rows.ts'
import type { RunClient } from './run-client.ts'

const CONCURRENCY = 20

/**
 * Signals, in the background, each run with steps that a campaign or an account deferred: it retries them now, not at its
 * next check. A lost signal costs only that delay.
 */
export function retryDeferredSteps(
  { db, runs, log }: { db: Db; runs: RunClient; log: Log },
  filter: { campaign: string } | { appId: string },
): void {
  const signalAll = async () => {
    const followers = await followersWithDeferredSteps(db, filter)
    await pMap(followers, (follower) => runs.signal(follower, 'retryNow'), { concurrency: CONCURRENCY })
  }
  signalAll().catch((err) =>
    log.warn(
      { err, ...filter },
      'some runs with deferred steps got no signal; each retries at its next check',
    ),
  )
}

/**
 * Ends, in the background, the runs of a removed account. Their rows have ended already. While Temporal is unreachable
 * nothing is lost: the reconciler finds each open run with an ended row.
 */
export function endRemovedRuns(
  { runs, log }: { runs: RunClient; log: Log },
  open: readonly (FollowerKey & { runId: string | null })[],
): void {
  pMap(open, (follower) => endRemovedRun(runs, follower, follower.runId), { concurrency: CONCURRENCY }).catch(
    (err) => log.warn({ err }, 'some runs of a removed account are still open; the reconciler will end them'),
  )
}

/**
 * Ends one execution of a run of a removed account. A later execution is not affected: the account may have been added
 * again meanwhile.
 * @param runId null: not known yet. The dispatcher or the reconciler ends the run
 */
export async function endRemovedRun(
  runs: Pick<RunClient, 'signal'>,
  follower: FollowerKey,
  runId: string | null,
): Promise<void> {
  if (runId === null) return
  await runs.signal(follower, 'stop', { outcome: 'account-stopped', reason: REMOVED_REASON }, runId)
}

/** Ends every run of an account as `account-stopped`. @throws TemporalUnavailableError while Temporal is unreachable */
export async function stopAccountRuns(
  { db, runs }: { db: Db; runs: RunClient },
  appId: string,
  reason: string,
): Promise<void> {
  for (const follower of await activeFollowersByAccount(db, appId))
    await runs.signal(follower, 'stop', { outcome: 'account-stopped', reason })
}
