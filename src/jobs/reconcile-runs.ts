import type { Client } from '@temporalio/client'
import { isOlder } from '../run/plan.ts'
import { endRun, type RunState } from '../run/state.ts'
import { maskId, parseWorkflowId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { resolveOpenSteps } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import { unansweredSteps } from '../store/runs/deliveries.ts'
import {
  activeRunsByFollower,
  endRunFromOutside,
  type RunRow,
  runsByFollower,
  staleRuns,
} from '../store/runs/run-rows.ts'
import type { NamespaceGuard } from '../temporal/namespace-guard.ts'
import type { RunClient } from '../temporal/run-client.ts'
import type { PeriodicJob } from './periodic-jobs.ts'
import { createOpenExecutionReconciler } from './reconcile-open-executions.ts'

const EVERY_MS = 60_000
/** A run younger than this may be about to start, or to write its final snapshot. */
const SETTLED_MS = 60_000
/** How many runs one round asks Temporal about, beside those that it says were closed outside the application. */
const BATCH = 200
const closedSinceQuery = (since: string) =>
  `WorkflowType = 'FollowerNurture' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut') AND CloseTime > '${since}'`
/** So many of a round, and more than half of it, are not gone one by one: Temporal has forgotten a time. */
const MASS_LOSS_MIN = 20
const REASON = 'ended in Temporal, not by the campaign'

/**
 * Brings store and Temporal into agreement.
 *
 * A run that is closed or missing in Temporal without a final snapshot (terminated, deleted, its history lost) ends as
 * `terminated`: open steps are skipped with that reason, a step with an intent and no result is unknown. A run that
 * completed while the store forgot it (restored from a backup) ends with the result that it returned. Open executions
 * that the store does not know, or has ended, are reconciled too.
 *
 * Does nothing while Temporal is not the namespace of the runs. When Temporal lacks many runs at once, it reports that
 * and ends none.
 */
export function createReconciler(deps: {
  db: Db
  client: Client
  runs: RunClient
  namespaceGuard: Pick<NamespaceGuard, 'check' | 'reportMissingRuns'>
  now: () => number
  log: Log
  onEnded?: () => void
}): PeriodicJob {
  const { db, client, runs, namespaceGuard: home, now, log } = deps
  let lastChecked = ''
  const openExecutions = createOpenExecutionReconciler({ db, client, runs, now, log })

  async function check(row: RunRow): Promise<void> {
    const newest = await runs.describe(row)
    if (newest?.open && !(await isSuperseded(row, newest.runKey))) return
    // A run that is missing here is gone only if this is still the namespace that had it.
    if ((await home.check(0)).state !== 'expected')
      throw new Error('Temporal is no longer the namespace of the runs')
    const hasResult = newest?.completed && newest.runKey === row.runKey
    const state = hasResult
      ? completedState(row.state, await runs.resultOf(row, newest.runId), now())
      : terminatedState(row.state, await unansweredSteps(db, row.runKey), now())
    if (!(await endRunFromOutside(db, row.runKey, row.revision, state, now()))) return
    const { appId } = row
    log.warn(
      { appId, follower: maskId(row.openId), outcome: state.outcome },
      hasResult ? 'the end of a run was not in the store' : 'run terminated outside the application',
    )
    if (!hasResult) deps.onEnded?.()
  }

  /** Which of these rows are not plainly under way in Temporal, and how many it does not know at all. */
  async function inspect(batch: readonly RunRow[]): Promise<{ gone: number; suspects: RunRow[] }> {
    const suspects: RunRow[] = []
    let gone = 0
    for (const row of batch) {
      const newest = await runs.describe(row)
      if (newest === null) gone += 1
      if (!newest?.open || newest.runKey !== row.runKey) suspects.push(row)
    }
    return { gone, suspects }
  }

  /** Whether the open execution has left this run behind. A run that waits until another has closed comes after it. */
  async function isSuperseded(row: RunRow, openKey: string | null): Promise<boolean> {
    if (openKey === row.runKey) return false
    const open = (await runsByFollower(db, row)).find((r) => r.runKey === openKey)
    return open !== undefined && isOlder(row.entry, open.entry)
  }

  return {
    name: 'reconcile',
    everyMs: EVERY_MS,
    leaseMs: 120_000,
    async run({ lastRunAt }) {
      if ((await home.check(0)).state !== 'expected') return
      const since = new Date((lastRunAt ?? 0) - 5 * EVERY_MS).toISOString()
      for await (const closed of client.workflow.list({ query: closedSinceQuery(since) })) {
        const follower = parseWorkflowId(closed.workflowId)
        if (follower) for (const row of await activeRunsByFollower(db, follower)) await check(row)
      }
      const batch = await staleRuns(db, { after: lastChecked, before: now() - SETTLED_MS, limit: BATCH })
      const { gone, suspects } = await inspect(batch)
      if (gone >= MASS_LOSS_MIN && gone * 2 > batch.length) return home.reportMissingRuns(gone)
      for (const row of suspects) await check(row)
      lastChecked = batch.length < BATCH ? '' : (batch.at(-1)?.runKey ?? '')
      await openExecutions.reconcileNextBatch()
    },
  }
}

/** The run's last state when nobody is there to say it. */
function terminatedState(state: RunState, openSteps: readonly string[], at: number): RunState {
  const ended = endRun(state, 'terminated', REASON, at)
  return { ...ended, steps: resolveOpenSteps(state, ended, openSteps, 'terminated') }
}

/** The run's last state by what its execution gave back. */
function completedState(
  state: RunState,
  { outcome, reason, steps }: Awaited<ReturnType<RunClient['resultOf']>>,
  at: number,
): RunState {
  const ended = endRun(state, outcome, reason, at)
  return {
    ...ended,
    steps: ended.steps.map((s) => {
      const result = steps.find((x) => x.id === s.id)
      // The workflow's own words for its steps.
      return result ? { ...s, state: result.state as typeof s.state, reason: result.reason } : s
    }),
  }
}
