import type { LostSend } from '../src/run/lost-sends.ts'
import type { Plan } from '../src/run/plan.ts'
import type { RunState } from '../src/run/state.ts'
import type { FollowerKey } from '../src/shared/ids.ts'
import { truncateText } from '../src/shared/text.ts'
import { endUnanswered } from '../src/store/runs/deliveries.ts'
import { saveFollowerOfRun } from '../src/store/runs/follower-rows.ts'
import { recordKnownRun, recordRun } from '../src/store/runs/run-rows.ts'
import { MAX_EARLY_MS } from '../src/wechat/rules/ledger.ts'
import { currentRun } from './attempt/current-run.ts'
import { endOnError } from './attempt/end-on-error.ts'
import type { ActivityDeps } from './deps.ts'
import { reportReducedSnapshot } from './send/record-result.ts'
import { WORKER_LOST } from './send/step-delivery.ts'

/** A run's snapshot for the store. */
export interface RecordRunInput {
  state: RunState
  plan: Plan
  runId: string
  /**
   * When the workflow wrote it, epoch ms by the follower's clock. Absent when no step has been skipped since the snapshot
   * before, and for runs without local sends: no request can be lost then.
   */
  writtenAt?: number
}

/**
 * Writes a run's snapshot for the API and the console: when the run ends or pauses, or a step is held or planned again.
 *
 * @returns the due steps that the snapshot shows as skipped although a request for them was sent. A local send is in the
 *   history only after its end. When its worker is lost, the next workflow task may apply a signal first and skip the step.
 */
export function createRecordRun(deps: ActivityDeps) {
  const { db, now, log, metrics } = deps
  return async function record(input: RecordRunInput): Promise<LostSend[]> {
    // A snapshot that the store refuses must not block the run. The next snapshot contains the same changes.
    await endOnError(
      deps,
      () => write(input),
      async () => {},
    )
    return findLostSends(input)
  }

  async function findLostSends({ state, writtenAt }: RecordRunInput): Promise<LostSend[]> {
    if (writtenAt === undefined) return []
    const latest = writtenAt + MAX_EARLY_MS
    const due = state.steps.flatMap((step, index) =>
      step.state === 'skipped' && step.dueAt !== null && step.dueAt <= latest
        ? [{ ...step, dueAt: step.dueAt, index }]
        : [],
    )
    if (due.length === 0) return []
    const steps = { runKey: state.entry.key, stepIds: due.map(({ id }) => id) }
    const requested = await endUnanswered(db, steps, WORKER_LOST, now())
    const rows = new Map(requested.map((row) => [row.stepId, row]))
    return due.flatMap(({ id, index, dueAt }): LostSend[] => {
      const row = rows.get(id)
      if (!row) return []
      const at = row.sentAt ?? dueAt
      return row.state === 'sent'
        ? [{ index, result: 'sent', at, reason: null }]
        : [{ index, result: 'unknown', at, reason: row.reason ?? WORKER_LOST }]
    })
  }

  async function write({ state, plan, runId }: RecordRunInput): Promise<void> {
    const { appId, openId } = currentRun()
    const follower = { appId, openId }
    // A paused or opted-out follower needs a row.
    const needsFollower = state.status === 'paused' || state.outcome === 'opted-out'
    const known = needsFollower ? null : await recordKnownRun(db, follower, { state, runId }, now())
    const { ended, held } = known ?? (await writeRows(follower, { state, plan, runId }))
    for (const reason of held) metrics.held(reason)
    if (!ended || !state.outcome) return
    metrics.ended(state.outcome)
    for (const step of state.steps) if (step.state === 'skipped') metrics.skipped(reasonCategory(step.reason))
  }

  async function writeRows(follower: FollowerKey, { state, plan, runId }: RecordRunInput) {
    const optedOutAt = state.outcome === 'opted-out' ? state.lastInteractionAt : null
    // An operator may pause a run with Temporal's tools too, so the run is what the check before each send relies on.
    await saveFollowerOfRun(db, follower, { paused: state.status === 'paused', optedOutAt }, now())
    const run = { entry: state.entry, plan }
    // A run that another run has started has no row yet.
    const cohort = await deps.cohortOf(follower.appId, run)
    const recorded = await recordRun(db, follower, run, { state, runId }, now(), cohort)
    reportReducedSnapshot({ log, metrics }, { ...follower, runKey: state.entry.key }, recorded.stored)
    return recorded
  }
}

/** The kind of a reason, without details that differ from step to step: each label value is a time series of its own. */
function reasonCategory(reason: string | null): string {
  return truncateText((reason ?? 'none').split(':', 1)[0] ?? 'none', 40)
}
