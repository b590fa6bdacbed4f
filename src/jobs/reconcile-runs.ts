import type { Client } from '@temporalio/client'
import { isOlder } from '../run/plan.ts'
import { endRun, type RunState } from '../run/state.ts'
import { maskId, parseWorkflowId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { MINUTE_MS } from '../shared/time-units.ts'
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
import { OpenExecutionReconciler } from './reconcile-open-executions.ts'
import { SETTLED_MS } from './settled.ts'

const EVERY_MS = MINUTE_MS
/** How many runs one round looks up in Temporal, beside the ones that Temporal lists as closed outside the application. */
const BATCH = 200
const closedSinceQuery = (since: string) =>
  `WorkflowType = 'FollowerNurture' AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut') AND CloseTime > '${since}'`
/** When at least this many runs of a batch, and more than half of it, are missing, Temporal has lost data. */
const MASS_LOSS_MIN = 20
const REASON = 'ended in Temporal, not by the campaign'

interface ReconcilerDeps {
  db: Db
  client: Client
  runs: RunClient
  namespaceGuard: Pick<NamespaceGuard, 'check' | 'reportMissingRuns'>
  now: () => number
  log: Log
  onEnded?: () => void
}

/**
 * Reconciles the store with Temporal.
 * - A run that is closed or missing in Temporal without a final snapshot (terminated, deleted, history lost) ends as
 *   `terminated`. Its open steps are skipped with that reason; a step with an intent and no result is `unknown`.
 * - A run that completed after the backup from which the store was restored ends with the result of its execution.
 * - Open executions that the store does not know, or has ended, are reconciled too.
 *
 * Does nothing while Temporal is unreachable or has a namespace that is not the store's. When Temporal lacks many runs at once,
 * the job reports that and ends none.
 */
export function createReconciler(deps: ReconcilerDeps): PeriodicJob {
  const reconciler = new RunReconciler(deps)
  return {
    name: 'reconcile',
    everyMs: EVERY_MS,
    leaseMs: 2 * MINUTE_MS,
    run: ({ lastRunAt }) => reconciler.run(lastRunAt),
  }
}

class RunReconciler {
  readonly #deps: ReconcilerDeps
  readonly #openExecutions: OpenExecutionReconciler
  /** The key after which the next batch of stale runs begins. */
  #lastChecked = ''

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps
    this.#openExecutions = new OpenExecutionReconciler(deps)
  }

  async run(lastRunAt: number | null): Promise<void> {
    const { db, now, namespaceGuard } = this.#deps
    if ((await namespaceGuard.check(0)).state !== 'expected') return
    await this.#checkClosedSince((lastRunAt ?? 0) - 5 * EVERY_MS)
    const batch = await staleRuns(db, { after: this.#lastChecked, before: now() - SETTLED_MS, limit: BATCH })
    const { missing, notOpen } = await this.#inspect(batch)
    if (missing >= MASS_LOSS_MIN && missing * 2 > batch.length)
      return namespaceGuard.reportMissingRuns(missing)
    for (const row of notOpen) await this.#check(row)
    this.#lastChecked = batch.length < BATCH ? '' : (batch.at(-1)?.runKey ?? '')
    await this.#openExecutions.reconcileNextBatch()
  }

  /** Checks the active runs whose executions were closed outside the application since `at`, epoch ms. */
  async #checkClosedSince(at: number): Promise<void> {
    const { db, client } = this.#deps
    const query = closedSinceQuery(new Date(at).toISOString())
    for await (const closed of client.workflow.list({ query })) {
      const follower = parseWorkflowId(closed.workflowId)
      if (follower) for (const row of await activeRunsByFollower(db, follower)) await this.#check(row)
    }
  }

  /** The rows without their own open execution in Temporal (`notOpen`), and how many have no execution at all. */
  async #inspect(batch: readonly RunRow[]): Promise<{ missing: number; notOpen: RunRow[] }> {
    const notOpen: RunRow[] = []
    let missing = 0
    for (const row of batch) {
      const newest = await this.#deps.runs.describe(row)
      if (newest === null) missing += 1
      if (!newest?.open || newest.runKey !== row.runKey) notOpen.push(row)
    }
    return { missing, notOpen }
  }

  /** Ends the row of a run that is not open in Temporal. */
  async #check(row: RunRow): Promise<void> {
    const { db, runs, namespaceGuard, now, log, onEnded } = this.#deps
    const newest = await runs.describe(row)
    if (newest?.open && !(await this.#isSuperseded(row, newest.runKey))) return
    // A missing run is lost only when this is still the namespace that had it.
    if ((await namespaceGuard.check(0)).state !== 'expected')
      throw new Error('Temporal no longer has the namespace of the runs')
    const hasResult = newest?.completed && newest.runKey === row.runKey
    const state = hasResult
      ? completedState(row.state, await runs.resultOf(row, newest.runId), now())
      : terminatedState(row.state, await unansweredSteps(db, row.runKey), now())
    if (!(await endRunFromOutside(db, row.runKey, row.revision, state, now()))) return
    log.warn(
      { appId: row.appId, follower: maskId(row.openId), outcome: state.outcome },
      hasResult
        ? 'end of a completed run was missing in the store'
        : 'run terminated outside the application',
    )
    if (!hasResult) onEnded?.()
  }

  /** Whether the open execution belongs to a later run. A run that waits for another one to close is later than that one. */
  async #isSuperseded(row: RunRow, openKey: string | null): Promise<boolean> {
    if (openKey === row.runKey) return false
    const open = (await runsByFollower(this.#deps.db, row)).find((r) => r.runKey === openKey)
    return open !== undefined && isOlder(row.entry, open.entry)
  }
}

/** The final state of a run whose execution left no result. */
function terminatedState(state: RunState, openSteps: readonly string[], at: number): RunState {
  const ended = endRun(state, 'terminated', REASON, at)
  return { ...ended, steps: resolveOpenSteps(state, ended, openSteps, 'terminated') }
}

/** The final state of a run by the result of its execution. */
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
      // The workflow returns step states as strings.
      return result ? { ...s, state: result.state as typeof s.state, reason: result.reason } : s
    }),
  }
}
