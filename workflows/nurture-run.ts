import {
  ApplicationFailure,
  CancellationScope,
  condition,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow'
import type { SendInput } from '../activities/index.ts'
import { type ActResult, doneStep, effectsOf } from '../src/run/act.ts'
import type { AgentSessionChange } from '../src/run/agent-session.ts'
import type { FetchAttributesResult, TagResult } from '../src/run/attributes.ts'
import { carriedGrants, isClosing, startOfNextRun } from '../src/run/next-run.ts'
import type { Outcome } from '../src/run/outcome.ts'
import {
  type EventStamp,
  type Interaction,
  isOlder,
  type Plan,
  type RunStart,
  type Told,
} from '../src/run/plan.ts'
import { type PresentedRun, presentRun } from '../src/run/present.ts'
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
import {
  applyAgentSession,
  applyInteraction,
  applyTold,
  applyUnsubscribe,
  beginRun,
  setPaused,
} from '../src/run/run-events.ts'
import { applyLostSends, type SendResult } from '../src/run/send-result.ts'
import { addWarning, type RunState, requestStop } from '../src/run/state.ts'
import { type FollowerKey, parseWorkflowId } from '../src/shared/ids.ts'
import { act, fetchFollowerAttributes, tagFollower } from './activity-calls.ts'
import { continueAsNextRun, continueSameRun, type NextRun } from './continue-as-new.ts'
import { InterruptibleScope, ignoreCancellation, orElseOnTimeout } from './interruption.ts'
import { runLog } from './log-sink.ts'
import type { NurtureInput, NurtureResult } from './nurture-input.ts'
import { leaveReadable } from './readable.ts'
import { renderDetails } from './run-details.ts'
import { sendStep } from './send-step.ts'
import { StoredRun } from './stored-run.ts'

/** The reason of a cancellation without one. */
export const CANCELLED_BY_OPERATOR = 'cancelled by operator'
/** Tagging after a message may delay the next steps by at most this time. */
const TAG_AFTER_SEND_MS = 60_000

/** Timer summaries for the Web UI, by the reason of the wait. Any other reason is a step id. */
const WAIT_SUMMARY: Record<string, string> = {
  window: 'until the window closes',
  fork: 'until a fork is decided',
  'human-agent': "until the human agent's session ends",
}
const NOT_TAGGED: TagResult = { result: 'refused', reason: 'tag-failed', errcode: null }
const DONE: ActResult = { result: 'done' }
const NOT_FETCHED: FetchAttributesResult = { unknown: 'no time left', errcode: null }

/** One run in Temporal: holds its state, applies signals, and executes its actions as activities and timers. */
export class NurtureRun {
  private readonly follower: FollowerKey
  private readonly plan: Plan
  private readonly key: string
  private readonly inputVersion: number
  private state: RunState
  private readonly stored: StoredRun
  private nextRun: NextRun | null = null
  /** True when a signal has changed the state since the last decision. */
  private hasChanged = false
  private readonly interruptible = new InterruptibleScope()

  /** @throws ApplicationFailure, not retryable, when the workflow id names no follower */
  constructor(input: NurtureInput & { start: RunStart }) {
    const { workflowId } = workflowInfo()
    const follower = parseWorkflowId(workflowId)
    if (!follower) {
      const message = 'The workflow id names no follower. Start the run with the id nurture/{appId}/{openId}.'
      throw ApplicationFailure.nonRetryable(message, 'MalformedWorkflowId')
    }
    const { start, state, agentSession, recorded, backlog = [] } = input
    this.follower = follower
    this.plan = start.plan
    this.key = start.entry.key
    this.inputVersion = input.inputVersion ?? 1
    this.state = state ?? beginRun(start.plan, start.entry, input.ledger, start)
    if (agentSession && !state) this.state = applyAgentSession(this.plan, this.state, agentSession)
    this.stored = new StoredRun(follower.appId, this.inputVersion >= 2)
    if (recorded) this.stored.noteWritten(this.state)
    for (const event of backlog) this.applyEvent(event)
    if (!state)
      runLog.info('run began', { ...this.logKeys(), campaign: `${this.plan.campaign}@${this.plan.version}` })
  }

  // --- Signals and the query

  /** The answer to query `state`. */
  present(): PresentedRun {
    return leaveReadable(presentRun(this.state, { ...this.follower, runId: workflowInfo().runId }))
  }

  /** The follower followed, typed, clicked or scanned. */
  receiveInteraction(event: Interaction): void {
    if (event.key !== this.key)
      runLog.info('run received an event', { ...this.logKeys(event.key), scene: event.scene })
    this.applyEvent(event)
  }

  /** Facts, tags or the click of a link. */
  receiveTold(told: Told): void {
    runLog.info('run received an event', { ...this.logKeys(told.key), scene: 'told' })
    this.applyEvent(told)
  }

  /** The follower unfollowed. An unfollow also cancels a next run that started before it. */
  receiveUnsubscribe(event: EventStamp & { key: string }): void {
    runLog.info('run received an event', { ...this.logKeys(event.key), scene: 'unsubscribe' })
    if (this.nextRun && !isOlder(event, this.nextRun.start.entry)) this.nextRun = null
    if (isClosing(this.state)) return
    this.update(applyUnsubscribe(this.state, event))
    if (this.state.stop) this.interrupt()
  }

  /** Ends the run. A running attempt to send finishes first. */
  stop(outcome: Outcome, reason: string | null): void {
    this.update(requestStop(this.state, outcome, reason))
    this.interrupt()
  }

  pause(): void {
    this.update(setPaused(this.plan, this.state, true, Date.now()))
    this.interrupt()
  }

  resume(): void {
    this.update(setPaused(this.plan, this.state, false, Date.now()))
  }

  changeAgentSession(change: AgentSessionChange): void {
    this.update(applyAgentSession(this.plan, this.state, change))
    if (this.state.agentSession?.open) this.interrupt()
  }

  /** Cancels the wait for the next attempt and decides again, since the reason for the delay may be gone. */
  retryNow(): void {
    this.interrupt()
  }

  /** Writes the run to the store again, because the store may have lost it. */
  resync(): void {
    this.stored.invalidate()
    this.hasChanged = true
  }

  /** Shows the operator that a signal was ignored. */
  warn(text: string): void {
    this.update(addWarning(this.state, text))
  }

  private applyEvent(event: Interaction | Told): void {
    if (this.nextRun) {
      this.nextRun.backlog.push(event)
      return
    }
    const isInteraction = 'scene' in event
    const start = isInteraction ? startOfNextRun(this.state, event) : null
    if (start && isInteraction) {
      this.nextRun = { start, ledger: carriedGrants(this.state), backlog: [event] }
      this.hasChanged = true
    } else if (!isClosing(this.state)) {
      this.update(
        isInteraction
          ? applyInteraction(this.plan, this.state, event)
          : applyTold(this.plan, this.state, event),
      )
      if (this.state.stop) this.interrupt()
    }
  }

  private update(state: RunState): void {
    if (state === this.state) return
    this.state = state
    this.hasChanged = true
  }

  /** Cancels an activity that waits for its next attempt. A running attempt finishes. The run then decides again. */
  private interrupt(): void {
    this.hasChanged = true
    this.interruptible.interrupt()
  }

  // --- Actions

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
    const tagging = tagsAfterSend(action, executed.result, TAG_AFTER_SEND_MS)
    // The message was sent and its tags belong to it, so no signal interrupts the tagging.
    if (tagging) await CancellationScope.nonCancellable(() => this.executeTag(tagging))
  }

  /** Executes a step that only tags. */
  async tag(action: TagAction): Promise<void> {
    await this.interruptible.run(() => this.executeTag(action))
  }

  /** Executes a step without a message: its tags at WeChat, and what it writes to the store. */
  async act(action: ActAction): Promise<void> {
    const { step, index, leftMs } = action
    const effects = effectsOf(this.plan, this.state, step)
    let isTagged = true
    if (step.tag || step.untag) {
      const tagging = () => tagFollower(this.follower.appId, step, { now: Date.now(), leftMs })
      const tagged = await this.interruptible.run(() => orElseOnTimeout(tagging, NOT_TAGGED))
      // A signal has interrupted the tagging, so the run decides again.
      if (!tagged) return
      isTagged = tagged.result === 'tagged'
    }
    // The store may have accepted it, so no signal interrupts it.
    const result = await CancellationScope.nonCancellable(async () =>
      effects ? act(this.follower.appId, doneStep(this.state, index, effects, Date.now())) : DONE,
    )
    const done = result.result === 'done' && !isTagged ? { ...result, untagged: true as const } : result
    this.state = applyActionResult(this.state, { ...action, result: done }, Date.now())
  }

  /** Fetches the follower's attributes, for a step that needs them. */
  async fetchAttributes(action: FetchAttributesAction): Promise<void> {
    const { step, leftMs } = action
    await this.interruptible.run(async () => {
      const input = { now: Date.now(), leftMs }
      const result = await orElseOnTimeout(
        () => fetchFollowerAttributes(this.follower.appId, step.id, input),
        NOT_FETCHED,
      )
      if (result) this.state = applyActionResult(this.state, { ...action, result }, Date.now())
    })
  }

  /** Fetches the follower's attributes, for the conditions of a fork. */
  async learn(action: LearnAction): Promise<void> {
    const { fork, leftMs } = action
    const id = this.plan.forks?.[fork]?.id ?? 'fork'
    await this.interruptible.run(async () => {
      const input = { now: Date.now(), leftMs }
      const result = await orElseOnTimeout(
        () => fetchFollowerAttributes(this.follower.appId, id, input),
        NOT_FETCHED,
      )
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
    const localFirst = this.inputVersion >= 2
    const isLast = localFirst && completesRun(this.plan, this.state, action, now)
    const input: SendInput = { state: this.state, index, grant, leftMs, now }
    if (isLast) input.completesRun = true
    const effects = effectsOf(this.plan, this.state, step)
    if (effects) input.effects = effects
    return sendStep(this.follower.appId, step, input, { localFirst, interruptible: this.interruptible })
  }

  private async executeTag(action: TagAction): Promise<void> {
    const input = { now: Date.now(), leftMs: action.leftMs }
    const result = await orElseOnTimeout(
      () => tagFollower(this.follower.appId, action.step, input),
      NOT_TAGGED,
    )
    if (result) this.state = applyActionResult(this.state, { ...action, result }, Date.now())
  }

  private async record(): Promise<void> {
    const lost = await this.stored.write(this.state, this.plan)
    if (lost.length === 0) return
    this.update(applyLostSends(this.state, lost))
    await this.stored.write(this.state, this.plan)
  }

  private logKeys(key = this.key): { key: string; run: string } {
    return { key, run: this.key }
  }
}
