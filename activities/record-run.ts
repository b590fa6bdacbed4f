import type { Plan } from '../src/run/plan.ts'
import type { RunState } from '../src/run/state.ts'
import type { FollowerKey } from '../src/shared/ids.ts'
import { truncateText } from '../src/shared/text.ts'
import { saveFollower } from '../src/store/runs/follower-rows.ts'
import { recordKnownRun, recordRun } from '../src/store/runs/run-rows.ts'
import { currentRun } from './attempt/current-run.ts'
import { endOnError } from './attempt/end-on-error.ts'
import type { ActivityDeps } from './deps.ts'
import { reportReducedSnapshot } from './send/record-result.ts'

/** A run's snapshot for the store. */
export interface RecordRunInput {
  state: RunState
  plan: Plan
  runId: string
}

/** Writes a run's snapshot for the API and the console: when the run ends or pauses, or a step is held or planned again. */
export function createRecordRun(deps: ActivityDeps) {
  const { db, now, log, metrics } = deps
  return async function record(input: RecordRunInput): Promise<void> {
    // A snapshot that the store refuses must not block the run. The next snapshot contains the same changes.
    return endOnError(
      deps,
      () => write(input),
      async () => {},
    )
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
    const optedOut = state.outcome === 'opted-out' ? { optedOutAt: state.lastInteractionAt } : {}
    // An operator may pause a run with Temporal's tools too, so the run is what the check before each send relies on.
    await saveFollower(db, follower, { paused: state.status === 'paused', ...optedOut }, now())
    const run = { entry: state.entry, plan }
    const recorded = await recordRun(db, follower, run, { state, runId }, now())
    reportReducedSnapshot({ log, metrics }, { ...follower, runKey: state.entry.key }, recorded.stored)
    return recorded
  }
}

/** The kind of a reason, without details that differ from step to step: each label value is a time series of its own. */
function reasonCategory(reason: string | null): string {
  return truncateText((reason ?? 'none').split(':', 1)[0] ?? 'none', 40)
}
