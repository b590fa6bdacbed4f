import pMap from 'p-map'
import type { FollowerKey } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import type { RunClient } from './run-client.ts'

const CONCURRENCY = 20

/**
 * Ends, in the background, the runs of a campaign as `cancelled`. A run that is not reached continues: the caller may repeat.
 * @param open `runId` limits the signal to this execution; the follower may be in a run of another campaign meanwhile
 */
export function cancelCampaignRuns(
  { runs, log }: { runs: Pick<RunClient, 'signal'>; log: Log },
  open: readonly (FollowerKey & { runId: string | null })[],
  reason: string,
): void {
  const cancel = ({ runId, ...follower }: FollowerKey & { runId: string | null }) =>
    runs.signal({ appId: follower.appId, openId: follower.openId }, 'cancel', reason, runId ?? undefined)
  pMap(open, cancel, { concurrency: CONCURRENCY, stopOnError: false }).catch((err) =>
    log.warn({ err }, 'some runs of a retired campaign were not cancelled; retire it with cancel once more'),
  )
}
