import { CancellationScope, condition, setCurrentDetails, workflowInfo } from '@temporalio/workflow'
import type { SendInput } from '../activities/index.ts'
import { type ActResult, effectsOf } from '../src/run/act.ts'
import { applyHandover, type HandoverResult, handoverAfterSend, onlyHandsOver } from '../src/run/handover.ts'
import { applyLostSends } from '../src/run/lost-sends.ts'
import {
  type ActAction,
  type Action,
  applyActionResult,
  beginSendAction,
  completeRun,
  completesRun,
  type FetchAttributesAction,
  type FinishAction,
  finishRun,
  type LearnAction,
  nextAction,
  type SendAction,
  type TagAction,
  tagsAfterSend,
  type WaitAction,
} from '../src/run/run-actions.ts'
import { isUnasked } from '../src/run/schedule.ts'
import type { SendResult } from '../src/run/send-result.ts'
import { requestStop } from '../src/run/state.ts'
import { continueAsNextRun, continueSameRun } from './continue-as-new.ts'
import { fetchAttributes, handOverStep, tagStep, writeEffects } from './follower-calls.ts'
import { ignoreCancellation } from './interruption.ts'
import { runLog } from './log-sink.ts'
import type { NurtureResult } from './nurture-input.ts'
import { leaveReadable } from './readable.ts'
import { renderDetails } from './run-details.ts'
import { RunWithSignals } from './run-with-signals.ts'
import { sendStep } from './send-step.ts'

/** The reason of a cancellation without one. */
export const CANCELLED_BY_OPERATOR = 'cancelled by operator'
/** Tagging after a message, and a handover, may each delay the next steps by at most this time. */
const AFTER_SEND_MS = 60_000

/** Timer summaries for the Web UI, by the reason of the wait. Any other reason is a step id. */
const WAIT_SUMMARY: Record<string, string> = {
  window: 'until the window closes',
  fork: 'until a fork is decided',
  'human-agent': "until the human agent's session ends",
}

/** One run in Temporal: holds its state, applies signals, and executes its actions as activities and timers. */
export class NurtureRun extends RunWithSignals {
  /** Decides what the run does now. A workflow cancelled in Temporal ends as cancelled. */
  decide(): Action {
    if (CancellationScope.current().consideredCancelled) {
      this.state = requestStop(this.state, 'cancelled', CANCELLED_BY_OPERATOR)
    }
    this.hasChanged = false
    const { state, action } = nextAction(this.plan, this.state, Date.now())
    this.state = state
    // The send, and the end, show the run in their own state.
    if (action.do !== 'send' && action.do !== 'finish') setCurrentDetails(renderDetails(state))
    return action
  }

  /** Sends a step's message, and then applies the tags that belong to it. */
  async send(action: SendAction): Promise<void> {
    // The check before each request reads the status from the store. An outdated row would defer a resumed follower.
    if (!this.stored.hasStatusOf(this.state)) return ignoreCancellation(() => this.record())
    const begun = beginSendAction(this.state, action)
    this.state = begun
    setCurrentDetails(renderDetails(begun))
    const executed = { ...action, result: await this.sendStep(action) }
    // The activity wrote this snapshot with its result, without the signals that arrived meanwhile.
    const written = applyActionResult(begun, executed, Date.now())
    this.state = this.state === begun ? written : applyActionResult(this.state, executed, Date.now())
    this.stored.noteWritten(written)
    if (executed.result.completedRun) this.stored.noteCompleted(completeRun(written, executed.result.at))
    const tagging = tagsAfterSend(action, executed.result, AFTER_SEND_MS)
    // The message was sent and its tags belong to it, so no signal interrupts the tagging.
    if (tagging) await CancellationScope.nonCancellable(() => this.executeTag(tagging))
    await this.handOverAfterSend(action.step, executed.result)
  }

  /** Executes a step that only tags. */
  async tag(action: TagAction): Promise<void> {
    await this.interruptible.run(() => this.executeTag(action))
  }

  /** Executes a step without a message: its tags at WeChat, and what it writes to the store. */
  async act(action: ActAction): Promise<void> {
    const { step, index, leftMs } = action
    const { appId } = this.follower
    const tagging = step.tag || step.untag ? () => tagStep(appId, step, leftMs) : null
    const tagged = tagging ? await this.interruptible.run(tagging) : null
    // A signal has interrupted the tagging, so the run decides again.
    if (tagging && !tagged) return
    // The store may have accepted it, so no signal interrupts it.
    const written = await CancellationScope.nonCancellable(() =>
      writeEffects(appId, this.plan, this.state, index),
    )
    const isUntagged = written.result === 'done' && tagged?.result === 'refused'
    const result = isUntagged ? { ...written, untagged: true as const } : written
    const done = step.acts?.handover === undefined ? result : await this.handOver(action, result)
    if (done) this.state = applyActionResult(this.state, { ...action, result: done }, Date.now())
  }

  /**
   * Hands the follower over, as the last thing that a step without a message does.
   * @param written the result of the rest of the step
   * @returns the result of the step; null when a signal has interrupted it, so that the run decides again
   */
  private async handOver({ step, leftMs }: ActAction, written: ActResult): Promise<ActResult | null> {
    const agent = step.acts?.handover ?? ''
    const to = { step: step.id, agent }
    const handed = await this.interruptible.run(() => handOverStep(this.follower.appId, to, leftMs))
    if (!handed) return null
    if (handed.result === 'refused' && onlyHandsOver(step)) return handed
    this.applyHandover(step, handed)
    return written
  }

  /** Hands the follower over after a message was sent. Its result does not depend on it. */
  private async handOverAfterSend(step: SendAction['step'], result: SendResult): Promise<void> {
    const agent = handoverAfterSend(step, result)
    if (agent === null) return
    const to = { step: step.id, agent }
    const { appId } = this.follower
    // The message may say that a person takes over, so no signal interrupts it.
    const handed = await CancellationScope.nonCancellable(() => handOverStep(appId, to, AFTER_SEND_MS))
    if (handed) this.applyHandover(step, handed)
  }

  private applyHandover(step: SendAction['step'], handed: HandoverResult): void {
    this.state = applyHandover(this.plan, this.state, step, handed)
    // The row shows the session, or why there is none.
    this.stored.invalidate()
  }

  /** Fetches the follower's attributes, for a step that needs them. */
  async fetchAttributes(action: FetchAttributesAction): Promise<void> {
    await this.interruptible.run(async () => {
      const result = await fetchAttributes(this.follower.appId, action.step.id, action.leftMs)
      if (result) this.state = applyActionResult(this.state, { ...action, result }, Date.now())
    })
  }

  /** Fetches the follower's attributes, for the conditions of a fork. */
  async learn(action: LearnAction): Promise<void> {
    const id = this.plan.forks?.[action.fork]?.id ?? 'fork'
    await this.interruptible.run(async () => {
      const result = await fetchAttributes(this.follower.appId, id, action.leftMs)
      if (result) this.state = applyActionResult(this.state, { ...action, result }, Date.now())
    })
  }

  /** Records what has changed, then waits for a time or a signal. Continues as new when the history has grown long. */
  async wait({ until, for: reason }: WaitAction): Promise<void> {
    await ignoreCancellation(async () => {
      if (!this.stored.isUpToDate(this.state)) await this.record()
      if (this.hasChanged) return
      if (workflowInfo().continueAsNewSuggested)
        await continueSameRun(this.inputVersion, this.plan, this.state)
      const summary = WAIT_SUMMARY[reason] ?? `until step ${reason}`
      const timeoutMs = Math.max(1, until - Date.now())
      await condition(() => this.hasChanged, timeoutMs, { summary: leaveReadable(summary) })
    })
  }

  /**
   * Records the end, unless the last send has written it and nothing came meanwhile. Continues as the follower's next run
   * when an event has started one.
   */
  async close(action: FinishAction): Promise<NurtureResult> {
    const ended = finishRun(this.state, action, Date.now())
    const completed = this.stored.completedAs(ended)
    this.state = completed ?? ended
    runLog.info('run ended', { ...this.logKeys(), outcome: action.outcome })
    if (completed) this.stored.show(completed)
    else await CancellationScope.nonCancellable(() => this.record())
    if (this.nextRun) return continueAsNextRun(this.state, this.nextRun)
    const steps = this.state.steps.map(({ id, state, reason }) => ({ id, state, reason }))
    return { outcome: action.outcome, reason: action.reason, steps }
  }

  private sendStep(action: SendAction): Promise<SendResult> {
    const { index, step, grant, leftMs } = action
    const now = Date.now()
    const isVersion2 = this.inputVersion >= 2
    const isLast = isVersion2 && completesRun(this.plan, this.state, action, now)
    const input: SendInput = { state: this.state, index, grant, leftMs, now }
    if (isLast) input.completesRun = true
    if (isUnasked(this.plan, this.state, now)) input.unasked = step.anytime ? 'anytime' : step.ifLate
    if (step.typingMs !== undefined) input.typingMs = step.typingMs
    // The typing is a first attempt, and only the activity with a queue has another one.
    const localFirst = isVersion2 && step.typingMs === undefined
    const effects = effectsOf(this.plan, this.state, step)
    if (effects) input.effects = effects
    return sendStep(this.follower.appId, step, input, { localFirst, interruptible: this.interruptible })
  }

  private async executeTag(action: TagAction): Promise<void> {
    const result = await tagStep(this.follower.appId, action.step, action.leftMs)
    if (result) this.state = applyActionResult(this.state, { ...action, result }, Date.now())
  }

  private async record(): Promise<void> {
    const lost = await this.stored.write(this.state, this.plan)
    if (lost.length === 0) return
    this.update(applyLostSends(this.plan, this.state, lost))
    await this.stored.write(this.state, this.plan)
  }
}
