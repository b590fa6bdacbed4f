import { ApplicationFailure, workflowInfo } from '@temporalio/workflow'
import type { AgentSessionChange } from '../src/run/agent-session.ts'
import { isClosing, startOfNextRun } from '../src/run/next-run.ts'
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
  applyAgentSession,
  applyInteraction,
  applyTold,
  applyUnsubscribe,
  beginRun,
  replaceRun,
  setPaused,
} from '../src/run/run-events.ts'
import { addWarning, type RunState, requestStop } from '../src/run/state.ts'
import { type FollowerKey, parseWorkflowId } from '../src/shared/ids.ts'
import type { NextRun } from './continue-as-new.ts'
import { InterruptibleScope } from './interruption.ts'
import { runLog } from './log-sink.ts'
import type { NurtureInput } from './nurture-input.ts'
import { leaveReadable } from './readable.ts'
import { StoredRun } from './stored-run.ts'

/** One run in Temporal: its state, and what signals and the query do with it. `NurtureRun` executes its actions. */
export abstract class RunWithSignals {
  protected readonly follower: FollowerKey
  protected readonly plan: Plan
  protected readonly key: string
  protected readonly inputVersion: number
  protected state: RunState
  protected readonly stored: StoredRun
  protected nextRun: NextRun | null = null
  /** True when a signal has changed the state since the last decision. */
  protected hasChanged = false
  protected readonly interruptible = new InterruptibleScope()

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

  /** The answer to query `state`. */
  present(): PresentedRun {
    return leaveReadable(presentRun(this.state, { ...this.follower, runId: workflowInfo().runId }, this.plan))
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

  protected applyEvent(event: Interaction | Told): void {
    if (this.nextRun) {
      this.nextRun.backlog.push(event)
      return
    }
    const isInteraction = 'scene' in event
    if (isInteraction) this.applyReplacement(event)
    const start = isInteraction ? startOfNextRun(this.state, event) : null
    if (start && isInteraction) {
      this.nextRun = { start, backlog: [event] }
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

  /** A request that is under way finishes first, and counts against the grants that the next run inherits. */
  private applyReplacement(event: Interaction): void {
    if (event.replaces !== this.key || !event.start || isClosing(this.state)) return
    this.update(replaceRun(this.plan, this.state, event, event.start.plan.campaign))
    this.interrupt()
  }

  protected update(state: RunState): void {
    if (state === this.state) return
    this.state = state
    this.hasChanged = true
  }

  /** Cancels an activity that waits for its next attempt. A running attempt finishes. The run then decides again. */
  protected interrupt(): void {
    this.hasChanged = true
    this.interruptible.interrupt()
  }

  protected logKeys(key = this.key): { key: string; run: string } {
    return { key, run: this.key }
  }
}
