import type { Client } from '@temporalio/client'
import { endRun, type RunState } from '../campaign/state.ts'
import type { Runs } from '../engine/runs.ts'
import { maskId, whoseOf } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
import { openIntents } from '../store/deliveries.ts'
import { openRunsOf, type RunRow, recordEnd, runsToCheck } from '../store/runs.ts'
import type { PeriodicJob } from './periodic.ts'

const EVERY_MS = 60_000
/** A run younger than this may be about to start, or to write its last word. */
const SETTLED_MS = 60_000
/** How many runs one round asks Temporal about, beside those that it says were closed behind our back. */
const BATCH = 200
const CLOSED_QUERY = (since: string) =>
  `WorkflowType = 'FollowerNurture' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut') AND CloseTime > '${since}'`
const REASON = 'ended in Temporal, not by the campaign'

/**
 * Finds runs that are closed or missing in Temporal without a last word (terminated, deleted, the history lost), and ends
 * their rows as `terminated`: open steps are skipped with that reason, one with an intent and no result is unknown.
 */
export function createReconciler(deps: {
  db: Db
  client: Client
  runs: Runs
  now: () => number
  log: Log
  onEnded?: () => void
}): PeriodicJob {
  const { db, client, runs, now, log } = deps
  let sweptTo = ''

  async function check(row: RunRow): Promise<void> {
    const newest = await runs.describe(row)
    if (newest?.open && newest.runKey === row.runKey) return
    // A follower's run that is open under another key has begun after this one.
    const state = terminated(row.state, await openIntents(db, row.runKey), now())
    if (await recordEnd(db, row.runKey, row.seq, state, now())) {
      log.warn({ appId: row.appId, follower: maskId(row.openId) }, 'a run was ended behind our back')
      deps.onEnded?.()
    }
  }

  return {
    name: 'reconcile',
    everyMs: EVERY_MS,
    leaseMs: 120_000,
    async run({ lastRunAt }) {
      const since = new Date((lastRunAt ?? 0) - 5 * EVERY_MS).toISOString()
      for await (const closed of client.workflow.list({ query: CLOSED_QUERY(since) })) {
        const whose = whoseOf(closed.workflowId)
        if (whose) for (const row of await openRunsOf(db, whose)) await check(row)
      }
      const batch = await runsToCheck(db, { after: sweptTo, before: now() - SETTLED_MS, limit: BATCH })
      for (const row of batch) await check(row)
      sweptTo = batch.length < BATCH ? '' : (batch.at(-1)?.runKey ?? '')
    },
  }
}

/** The run's last state when nobody is there to say it. */
function terminated(state: RunState, openSteps: readonly string[], at: number): RunState {
  const ended = endRun(state, 'terminated', REASON, at)
  return {
    ...ended,
    steps: ended.steps.map((s, i) =>
      openSteps.includes(s.id) && state.steps[i]?.state !== 'sent'
        ? { ...s, state: 'unknown', reason: 'terminated' }
        : s,
    ),
  }
}
