import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import {
  type Action,
  begin,
  type FetchAttributesAction,
  type FinishAction,
  finish,
  next,
  resolve,
  type SendAction,
  type TagAction,
  tagsAfterSend,
  type WaitAction,
} from '../src/run/advance.ts'
import type { AgentSessionChange } from '../src/run/agent-session.ts'
import type { FetchAttributesResult, TagResult } from '../src/run/attributes.ts'
import { carriedAgentSession, carriedGrants, isClosing, startOfNextRun } from '../src/run/next-run.ts'
import { type EventStamp, type Interaction, isOlder, type Plan, type RunStart } from '../src/run/plan.ts'
import { type PresentedRun, presentRun } from '../src/run/present.ts'
import type { SendResult } from '../src/run/send-result.ts'
import {
  addWarning,
  applyAgentSession,
  applyInteraction,
  applyUnsubscribe,
  beginRun,
  type Outcome,
  type RunState,
  requestStop,
  setPaused,
} from '../src/run/state.ts'
import { type FollowerKey, parseWorkflowId } from '../src/shared/ids.ts'
import type { Ledger } from '../src/wechat/rules/ledger.ts'
import {
  fetchFollowerAttributes,
  prepareMedia,
  recordRun,
  resolveUnanswered,
  send,
  tagFollower,
} from './activity-calls.ts'
import { runLog } from './log-sink.ts'
import { campaignAttribute, stateAttribute } from './names.ts'
import { renderDetails } from './run-details.ts'
import { leaveReadable } from './state-query.ts'

/** What a run starts with. Its follower is in the workflow id alone. */
export interface NurtureInput {
  start: RunStart
  /** The follower's grants from before that are still valid. */
  ledger: Ledger
  /** The session that a human agent has already; absent: none. */
  agentSession?: AgentSessionChange
  /** True when the store has this run's row already. */
  recorded: boolean
  /** Set when a run continues in a new execution because its history grew long. */
  state?: RunState
  /** Events that arrived while the execution before was closing. */
  backlog?: Interaction[]
}

/** How a run ended. */
export interface NurtureResult {
  outcome: Outcome
  reason: string | null
  steps: { id: string; state: string; reason: string | null }[]
}

/** The tagging after a message may delay the next steps by this time. */
const TAG_AFTER_SEND_MS = 60_000

const WAITS_FOR: Record<string, string> = {
  window: 'until the window closes',
  'human-agent': "until the human agent's session ends",
}
const NOT_TAGGED: TagResult = { result: 'refused', reason: 'tag-failed', errcode: null }
const NOT_FETCHED: FetchAttributesResult = { unknown: 'no time left', errcode: null }

/** One run in Temporal: its state, its signals' effects, and its actions as activities and timers. */
export class NurtureRun {
  private readonly follower: FollowerKey
  private readonly plan: Plan
  private readonly key: string
  private state: RunState
  /** What the store knows of this run, so that only changes are written. `fingerprint` is null when it may know nothing. */
  private stored: { status: RunState['status']; fingerprint: string | null }
  /** The run that starts when this one has closed, and the events that it missed. */
  private nextRun: { start: RunStart; ledger: Ledger; backlog: Interaction[] } | null = null
  private hasChanged = false
  /** The activity that a signal may give up. */
  private interruptible: CancellationScope | null = null

  /** @throws ApplicationFailure, not retryable, where the workflow id names no follower */
  constructor(input: NurtureInput) {
    const { workflowId } = workflowInfo()
    const follower = parseWorkflowId(workflowId)
    if (!follower) {
      const message =
        'The workflow id must be nurture/{appId}/{openId}: nobody receives the messages of this run.'
      throw ApplicationFailure.nonRetryable(message, 'MalformedWorkflowId')
    }
    const { start, state, agentSession, recorded, backlog = [] } = input
    this.follower = follower
    this.plan = start.plan
    this.key = start.entry.key
    this.state = state ?? beginRun(start.plan, start.entry, input.ledger)
    if (agentSession && !state) this.state = applyAgentSession(this.state, agentSession)
    this.stored = recorded ? storedView(this.state) : { status: 'active', fingerprint: null }
    for (const event of backlog) this.applyEvent(event)
    if (!state)
      runLog.info('run began', { ...this.logKeys(), campaign: `${this.plan.campaign}@${this.plan.version}` })
  }

  // --- Signals and the query

  present(): PresentedRun {
    return leaveReadable(presentRun(this.state, { ...this.follower, runId: workflowInfo().runId }))
  }

  /** The follower followed, typed, clicked or scanned. */
  receiveInteraction(event: Interaction): void {
    if (event.key !== this.key)
      runLog.info('run received an event', { ...this.logKeys(event.key), scene: event.scene })
    this.applyEvent(event)
  }

  receiveUnsubscribe(event: EventStamp & { key: string }): void {
    runLog.info('run received an event', { ...this.logKeys(event.key), scene: 'unsubscribe' })
    if (this.nextRun && !isOlder(event, this.nextRun.start.entry)) this.nextRun = null
    if (isClosing(this.state)) return
    this.update(applyUnsubscribe(this.state, event))
    if (this.state.stop) this.interrupt()
  }

  /** Ends the run. A running send finishes first. */
  stop(outcome: Outcome, reason: string | null): void {
    this.update(requestStop(this.state, outcome, reason))
    this.interrupt()
  }

  pause(): void {
    this.update(setPaused(this.state, true))
    this.interrupt()
  }

  resume(): void {
    this.update(setPaused(this.state, false))
  }

  changeAgentSession(change: AgentSessionChange): void {
    this.update(applyAgentSession(this.state, change))
    if (this.state.agentSession?.open) this.interrupt()
  }

  /** Gives up the wait for a send's next attempt and decides again: what deferred the send may be over. */
  retryNow(): void {
    this.interrupt()
  }

  /** Writes the run to the store again, which may have lost it. */
  resync(): void {
    this.stored = { ...this.stored, fingerprint: null }
    this.hasChanged = true
  }

  /** Shows the operator a signal that was ignored. */
  warn(text: string): void {
    this.update(addWarning(this.state, text))
  }

  private applyEvent(event: Interaction): void {
    if (this.nextRun) {
      this.nextRun.backlog.push(event)
      return
    }
    const start = startOfNextRun(this.state, event)
    if (start) {
      this.nextRun = { start, ledger: carriedGrants(this.state), backlog: [event] }
      this.hasChanged = true
    } else if (!isClosing(this.state)) {
      this.update(applyInteraction(this.plan, this.state, event))
      if (this.state.stop) this.interrupt()
    }
  }

  private update(state: RunState): void {
    if (state === this.state) return
    this.state = state
    this.hasChanged = true
  }

  /** An activity that waits for its next attempt is given up, a running one finishes; then the run decides again. */
  private interrupt(): void {
    this.hasChanged = true
    this.interruptible?.cancel()
  }

  // --- Actions

  decide(): Action {
    if (CancellationScope.current().consideredCancelled) {
      this.state = requestStop(this.state, 'cancelled', 'cancelled by operator')
    }
    this.hasChanged = false
    const { state, action } = next(this.plan, this.state, Date.now())
    this.state = state
    setCurrentDetails(renderDetails(state))
    return action
  }

  async send(action: SendAction): Promise<void> {
    // The check before each request reads the status from the store, and would refuse a resumed follower.
    if (this.stored.status !== this.state.status) return ignoreCancellation(() => this.record())
    this.state = begin(this.state, action)
    setCurrentDetails(renderDetails(this.state))
    const begun = this.state
    const executed = { ...action, result: await this.sendOrResolve(action) }
    this.state = resolve(this.state, executed, Date.now())
    // The activity wrote this snapshot with its result.
    this.stored = {
      ...this.stored,
      fingerprint: storedView(resolve(begun, executed, Date.now())).fingerprint,
    }
    const tagging = tagsAfterSend(action, executed.result, TAG_AFTER_SEND_MS)
    // The message is out and its tags belong to it: no signal gives them up.
    if (tagging) await CancellationScope.nonCancellable(() => this.executeTag(tagging))
  }

  async tag(action: TagAction): Promise<void> {
    await this.runInterruptible(() => this.executeTag(action))
  }

  async fetchAttributes(action: FetchAttributesAction): Promise<void> {
    const { step, leftMs } = action
    await this.runInterruptible(async () => {
      const input = { now: Date.now(), leftMs }
      const result = await orElseOnTimeout(
        () => fetchFollowerAttributes(this.follower.appId, step, input),
        NOT_FETCHED,
      )
      if (result) this.state = resolve(this.state, { ...action, result }, Date.now())
    })
  }

  async wait({ until, for: reason }: WaitAction): Promise<void> {
    await ignoreCancellation(async () => {
      if (storedView(this.state).fingerprint !== this.stored.fingerprint) await this.record()
      if (this.hasChanged) return
      if (workflowInfo().continueAsNewSuggested) await this.continueInNewExecution()
      const summary = WAITS_FOR[reason] ?? `until step ${reason}`
      await condition(() => this.hasChanged, Math.max(1, until - Date.now()), { summary })
    })
  }

  /** Records the end; a run that an event has started meanwhile continues as new. */
  async close(action: FinishAction): Promise<NurtureResult> {
    this.state = finish(this.state, action, Date.now())
    runLog.info('run ended', { ...this.logKeys(), outcome: action.outcome })
    await CancellationScope.nonCancellable(() => this.record())
    if (this.nextRun) return this.continueAsNextRun(this.nextRun)
    const steps = this.state.steps.map(({ id, state, reason }) => ({ id, state, reason }))
    return { outcome: action.outcome, reason: action.reason, steps }
  }

  private async sendOrResolve({ index, step, grant, leftMs }: SendAction): Promise<SendResult> {
    const { appId } = this.follower
    const input = { state: this.state, index, grant, leftMs, now: Date.now() }
    try {
      return await this.runInterruptible(async () => {
        const failure = step.media ? await prepareMedia(appId, step, input) : null
        if (failure) return failure
        // The upload, or the wait for the account, took time.
        const now = Date.now()
        return send(appId, step, { ...input, now, leftMs: leftMs - (now - input.now) })
      })
    } catch (err) {
      if (!(err instanceof ActivityFailure) && !isCancellation(err)) throw err
      // Given up by a signal, or out of time: the delivery row knows the result.
      return CancellationScope.nonCancellable(() => resolveUnanswered(appId, input))
    }
  }

  private async executeTag(action: TagAction): Promise<void> {
    const input = { now: Date.now(), leftMs: action.leftMs }
    const result = await orElseOnTimeout(
      () => tagFollower(this.follower.appId, action.step, input),
      NOT_TAGGED,
    )
    if (result) this.state = resolve(this.state, { ...action, result }, Date.now())
  }

  private async runInterruptible<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope()
    this.interruptible = scope
    try {
      return await scope.run(work)
    } finally {
      this.interruptible = null
    }
  }

  private async record(): Promise<void> {
    const { state, plan } = this
    upsertSearchAttributes([{ key: stateAttribute, value: state.status }])
    setCurrentDetails(renderDetails(state))
    await recordRun(this.follower.appId, { state, plan, runId: workflowInfo().runId })
    this.stored = storedView(state)
  }

  /** The same run: its history has grown long. */
  private continueInNewExecution(): Promise<never> {
    const { entry } = this.state
    return makeContinueAsNewFunc<Workflow>({ memo: workflowInfo().memo ?? {} })({
      start: { entry, plan: this.plan },
      ledger: this.state.ledger,
      state: this.state,
      recorded: true,
    })
  }

  private continueAsNextRun({ start, ledger, backlog }: NonNullable<typeof this.nextRun>): Promise<never> {
    const agentSession = carriedAgentSession(this.state)
    upsertSearchAttributes([
      { key: campaignAttribute, value: start.plan.campaign },
      { key: stateAttribute, value: 'active' },
    ])
    return makeContinueAsNewFunc<Workflow>({
      memo: { runKey: start.entry.key },
      // The next run starts on the worker version that is current, not on this run's.
      initialVersioningBehavior: 'AUTO_UPGRADE',
    })({ start, ledger, ...(agentSession ? { agentSession } : {}), recorded: false, backlog })
  }

  private logKeys(key = this.key): { key: string; run: string } {
    return { key, run: this.key }
  }
}

type Workflow = (input: NurtureInput) => Promise<NurtureResult>

/** What of a state the store must know: the status, and the state, time and reason of each step. */
function storedView(state: RunState): { status: RunState['status']; fingerprint: string } {
  const steps = state.steps.map((s) => [s.state, s.dueAt, s.reason])
  return { status: state.status, fingerprint: JSON.stringify([state.status, steps]) }
}

/** A cancellation by the Web UI may come during the work: the loop sees it and ends the run. */
async function ignoreCancellation(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (err) {
    if (!isCancellation(err)) throw err
  }
}

/** `fallback` when the activity ran out of time; null when it was given up. */
async function orElseOnTimeout<T>(work: () => Promise<T>, fallback: T): Promise<T | null> {
  try {
    return await work()
  } catch (err) {
    if (isCancellation(err)) return null
    if (err instanceof ActivityFailure) return fallback
    throw err
  }
}
