import type { Plan } from '../src/campaign/plan.ts'
import type { RunState } from '../src/campaign/state.ts'
import { saveFollower } from '../src/store/followers.ts'
import { recordRun } from '../src/store/runs.ts'
import { cutText } from '../src/text.ts'
import { endOnFault } from './fault.ts'
import { noteKept } from './finish.ts'
import type { ActivityDeps } from './ports.ts'
import { whoseRun } from './send-input.ts'

/** A run's snapshot for the store. */
export interface RecordInput {
  state: RunState
  plan: Plan
  runId: string
}

/** Writes a run's snapshot where API and console read it: when it ends, is paused, holds a step or is planned anew. */
export function createRecord(deps: ActivityDeps) {
  const { db, now, log, metrics } = deps
  return async function record(input: RecordInput): Promise<void> {
    // A snapshot that the store refuses must not hold up the run: the next one tells the story as well.
    return endOnFault(
      deps,
      () => write(input),
      async () => {},
    )
  }

  async function write({ state, plan, runId }: RecordInput): Promise<void> {
    const { appId, openId } = whoseRun()
    const whose = { appId, openId }
    const optedOut = state.outcome === 'opted-out' ? { optedOutAt: state.lastInteractionAt } : {}
    // A pause may come and go by Temporal's own tools as well: the last look believes the run.
    await saveFollower(db, whose, { paused: state.status === 'paused', ...optedOut }, now())
    const run = { entry: state.entry, plan }
    const { ended, held, kept } = await recordRun(db, whose, run, { state, runId }, now())
    noteKept({ log, metrics }, { ...whose, runKey: state.entry.key }, kept)
    for (const reason of held) metrics.held(reason)
    if (!ended || !state.outcome) return
    metrics.ended(state.outcome)
    for (const step of state.steps) if (step.state === 'skipped') metrics.skipped(kindOfReason(step.reason))
  }
}

/** Without what differs from case to case: each value of a label is a series of its own. */
function kindOfReason(reason: string | null): string {
  return cutText((reason ?? 'none').split(':', 1)[0] ?? 'none', 40)
}
