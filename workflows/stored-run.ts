import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import type { LostSend } from '../src/run/lost-sends.ts'
import type { Plan } from '../src/run/plan.ts'
import type { RunState } from '../src/run/state.ts'
import { recordRun, recordRunNow } from './activity-calls.ts'
import { stateAttribute } from './names.ts'
import { renderDetails } from './run-details.ts'

/** The run's row in the store, as far as the workflow knows it. The workflow writes the row only when it has changed. */
export class StoredRun {
  private readonly appId: string
  private readonly localFirst: boolean
  private status: RunState['status'] = 'active'
  /** Null when the row may be missing or out of date. */
  private fingerprint: string | null = null
  /** Skipped steps for which the store has been asked whether a request was sent. It is asked once more at the end. */
  private readonly checkedSkips = new Set<string>()
  /** The end of the run, when the last send has written it with its result. */
  private completed: RunState | null = null

  constructor(appId: string, localFirst: boolean) {
    this.appId = appId
    this.localFirst = localFirst
  }

  hasStatusOf(state: RunState): boolean {
    return this.status === state.status
  }

  isUpToDate(state: RunState): boolean {
    return this.fingerprint === fingerprintOf(state)
  }

  /** Notes that the row shows this state, because an activity has just written it. */
  noteWritten(state: RunState): void {
    this.status = state.status
    this.fingerprint = fingerprintOf(state)
  }

  /** Notes that the row shows this end of the run, because the last send has just written it. */
  noteCompleted(ended: RunState): void {
    this.completed = ended
  }

  /** The end of the run that the row shows; null when it differs from `ended` in more than its time. */
  completedAs(ended: RunState): RunState | null {
    const { completed } = this
    return completed?.revision === ended.revision && completed.outcome === ended.outcome ? completed : null
  }

  /** Has the row written again, because the store may have lost it. */
  invalidate(): void {
    this.fingerprint = null
    this.completed = null
  }

  /** A worker that was lost to Temporal may have sent the request after the step was skipped, so the end asks again. */
  private mustCheck(stepId: string, { status }: RunState): boolean {
    return status === 'ended' || !this.checkedSkips.has(stepId)
  }

  /** Shows the run in Temporal: its status in the search attributes, and its details. */
  show(state: RunState): void {
    if (!this.localFirst || !this.hasStatusOf(state))
      upsertSearchAttributes([{ key: stateAttribute, value: state.status }])
    setCurrentDetails(renderDetails(state))
  }

  /**
   * Writes the run to the store, and its status to Temporal's search attributes.
   * @returns steps of the snapshot that are skipped although a request for them was sent
   */
  async write(state: RunState, plan: Plan): Promise<LostSend[]> {
    this.show(state)
    const input = { state, plan, runId: workflowInfo().runId }
    if (!this.localFirst) {
      await recordRun(this.appId, input)
      this.noteWritten(state)
      return []
    }
    const skips = state.steps.filter((s) => s.state === 'skipped' && this.mustCheck(s.id, state))
    const given = skips.length > 0 ? { ...input, writtenAt: Date.now() } : input
    const lost = (await recordRunNow(given)) ?? (await recordRun(this.appId, given))
    for (const { id } of skips) this.checkedSkips.add(id)
    this.noteWritten(state)
    return lost
  }
}

/**
 * Changes when the row must be written: with the run's status, each step's state, planned time and reason, each fork, the
 * facts, and whether the time of waits stands still. Forks and their stop are absent in a run without forks.
 */
function fingerprintOf({ status, steps, forks, own, haltedAt }: RunState): string {
  const planned = steps.map((s) => [s.state, s.dueAt, s.reason])
  return JSON.stringify([status, planned, forks, own, haltedAt])
}
