import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  type SignalDefinition,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import { AGENT_SESSION_MS, type AgentSessionChange } from '../src/run/agent-session.ts'
import {
  applyAttributes,
  applyTagResult,
  type FetchAttributesResult,
  type TagResult,
} from '../src/run/attributes.ts'
import { decide, type NextAction } from '../src/run/decide.ts'
import { type Interaction, isOlder, type PlanStep } from '../src/run/plan.ts'
import { presentRun } from '../src/run/present.ts'
import { applySendResult, beginSend, type SendResult } from '../src/run/send-result.ts'
import {
  addWarning,
  applyAgentSession,
  applyInteraction,
  applyUnsubscribe,
  beginRun,
  endRun,
  type Outcome,
  type RunState,
  requestStop,
  setPaused,
} from '../src/run/state.ts'
import { parseWorkflowId } from '../src/shared/ids.ts'
import { learnFacts, prepareMedia, record, send, settle, tagFollower } from './activity-calls.ts'
import { runLog } from './log-sink.ts'
import { campaignAttribute, stateAttribute } from './names.ts'
import { renderDetails } from './run-details.ts'
import {
  agentSessionSignal,
  cancelSignal,
  interactionSignal,
  leaveReadable,
  type NurtureInput,
  parseAgent,
  parseInteraction,
  parseReason,
  parseStop,
  parseUnsubscribed,
  pauseSignal,
  printableName,
  resumeSignal,
  resyncSignal,
  retryNowSignal,
  stateQuery,
  stopSignal,
  unsubscribedSignal,
} from './signals.ts'

/** A message is out already: its tags may keep the steps after it for so long. */
const TAG_AFTER_SEND_MS = 60_000

export interface NurtureOutcome {
  outcome: Outcome
  reason: string | null
  steps: { id: string; state: string; reason: string | null }[]
}

/**
 * One follower's series of messages: hears what the follower does, decides, sends or waits, and ends with an outcome,
 * never with an exception. One execution for each run; a run that follows on while this one closes continues as new.
 */
export async function FollowerNurture(input: NurtureInput): Promise<NurtureOutcome> {
  const { plan } = input.start
  const runKey = input.start.entry.key
  const follower = parseWorkflowId(workflowInfo().workflowId) ?? { appId: '', openId: '' }
  let state = input.state ?? beginRun(plan, input.start.entry, input.ledger)
  if (input.agent && !input.state) state = applyAgentSession(state, input.agent.open, input.agent)
  /** What the store knows of this run, so that it is told only of changes. */
  let recorded = input.recorded ? fingerprint(state) : null
  /** The status that the store believes: the last look before a send refuses a paused follower. */
  let toldStatus: RunState['status'] = input.recorded ? state.status : 'active'
  /** The run that begins when this one has closed, and what was heard for it meanwhile. */
  let successor: { input: NurtureInput; backlog: Interaction[] } | null = null
  let changed = false
  let sending: CancellationScope | null = null

  const hear = (next: RunState) => {
    if (next === state) return
    state = next
    changed = true
  }
  /** The run must not go on as it is: a send that waits for its next try is given up, a running one finishes. */
  const interrupt = () => {
    changed = true
    sending?.cancel()
  }
  const hearEvent = (event: Interaction) => {
    if (successor) successor.backlog.push(event)
    else if (beginsSuccessor(state, event) && event.start) {
      const ledger = state.stop?.outcome === 'unsubscribed' ? [] : state.ledger
      successor = {
        input: { start: event.start, ledger, recorded: false, signalsInOrder: true },
        backlog: [event],
      }
      changed = true
    } else if (!isClosing(state)) {
      hear(applyInteraction(plan, state, event))
      if (state.stop) interrupt()
    }
  }

  // Until all handlers are there, what came before the first task is only noted: each handler would hear its own at once,
  // an unfollow after the follow that came after it.
  const early: { name: string; args: unknown[] }[] = []
  if (input.signalsInOrder) setDefaultSignalHandler((name, ...args) => void early.push({ name, args }))
  const handlers = new Map<string, (...args: unknown[]) => void>()
  function listen<Args extends unknown[]>(
    signal: SignalDefinition<Args>,
    handler: (...args: Args) => void,
    options?: { description: string },
  ): void {
    // Signals come from anybody: each handler takes what it is given as unknown.
    handlers.set(signal.name, handler as (...args: unknown[]) => void)
    setHandler(signal, handler, options)
  }
  listen(interactionSignal, (raw) => {
    const event = parseInteraction(raw)
    if (event) {
      if (event.key !== runKey) runLog.info('run heard', { key: event.key, run: runKey, scene: event.scene })
      hearEvent(event)
    } else hear(addWarning(state, 'a malformed interaction signal'))
  })
  listen(unsubscribedSignal, (raw) => {
    const event = parseUnsubscribed(raw)
    if (!event) return hear(addWarning(state, 'a malformed unsubscribed signal'))
    runLog.info('run heard', { key: event.key, run: runKey, scene: 'unsubscribe' })
    if (successor && !isOlder(event, successor.input.start.entry)) successor = null
    if (isClosing(state)) return
    hear(applyUnsubscribe(state, event))
    if (state.stop) interrupt()
  })
  listen(
    cancelSignal,
    (reason?: string) => {
      hear(requestStop(state, 'cancelled', parseReason(reason)))
      interrupt()
    },
    { description: 'End this run now. Input: a reason (text), or none.' },
  )
  listen(
    pauseSignal,
    () => {
      hear(setPaused(state, true))
      interrupt()
    },
    { description: 'Keep every step back until resume.' },
  )
  listen(resumeSignal, () => hear(setPaused(state, false)), { description: 'Go on after a pause.' })
  listen(agentSessionSignal, (raw) => {
    const { open, when } = parseAgent(raw)
    hear(applyAgentSession(state, open, when))
    if (state.agentActive) interrupt()
  })
  listen(stopSignal, (raw) => {
    const stop = parseStop(raw)
    if (!stop) return hear(addWarning(state, 'a malformed stop signal'))
    hear(requestStop(state, stop.outcome, stop.reason))
    interrupt()
  })
  listen(retryNowSignal, interrupt, { description: 'Try a send that is kept back now.' })
  listen(
    resyncSignal,
    () => {
      recorded = null
      changed = true
    },
    { description: 'Write all that this run knows to the store again.' },
  )
  setHandler(
    stateQuery,
    () => leaveReadable(presentRun(state, { ...follower, runId: workflowInfo().runId })),
    {
      description: 'The run as the operator API shows it.',
    },
  )
  for (const event of input.backlog ?? []) hearEvent(event)
  if (!input.state) {
    runLog.info('run began', { key: runKey, run: runKey, campaign: `${plan.campaign}@${plan.version}` })
  }
  const hearStranger = (name: string) => hear(addWarning(state, `an unknown signal, ${printableName(name)}`))
  if (input.signalsInOrder) setDefaultSignalHandler(hearStranger)
  for (const { name, args } of early) {
    const handler = handlers.get(name)
    if (handler) handler(...args)
    else hearStranger(name)
  }

  const end = await nurture()
  state = endRun(state, end.outcome, end.reason, Date.now())
  runLog.info('run ended', { key: runKey, run: runKey, outcome: end.outcome })
  await CancellationScope.nonCancellable(() => publish())
  // An entry that came while this run closed is served before it returns.
  if (successor) return startOver(successor, agentAfter(state))
  return {
    outcome: end.outcome,
    reason: end.reason,
    steps: state.steps.map(({ id, state, reason }) => ({ id, state, reason })),
  }

  /** The loop: decide, then act, until the run is over. */
  async function nurture(): Promise<Extract<NextAction, { do: 'finish' }>> {
    for (;;) {
      if (CancellationScope.current().consideredCancelled) {
        state = requestStop(state, 'cancelled', 'cancelled by operator')
      }
      changed = false
      const decided = decide(plan, state, Date.now())
      state = decided.state
      setCurrentDetails(renderDetails(state))
      const { next } = decided
      if (next.do === 'finish') return next
      if (next.do === 'send' && toldStatus !== state.status) await interruptibly(publish)
      else if (next.do === 'send') await sendStep(next)
      else if (next.do === 'fetch-attributes') await learnFor(next)
      else if (next.do === 'tag') await tagStep(next)
      else await interruptibly(() => waitUntil(next))
    }
  }

  async function waitUntil(next: Extract<NextAction, { do: 'wait' }>): Promise<void> {
    if (fingerprint(state) !== recorded) await publish()
    if (changed) return
    if (workflowInfo().continueAsNewSuggested) await goOnInNewExecution()
    const summary = WAITS_FOR[next.for] ?? `until step ${next.for}`
    await condition(() => changed, Math.max(1, next.until - Date.now()), { summary })
  }

  /** The Web UI's Cancel may come meanwhile: the loop sees it and ends the run. */
  async function interruptibly(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (err) {
      if (!isCancellation(err)) throw err
    }
  }

  async function sendStep({ index, grant, leftMs }: Extract<NextAction, { do: 'send' }>): Promise<void> {
    const step = stepAt(index)
    state = beginSend(state, index)
    setCurrentDetails(renderDetails(state))
    const call = { state, index, grant, leftMs, now: Date.now() }
    const scope = new CancellationScope()
    sending = scope
    let result: SendResult
    try {
      result = await scope.run(async () => {
        const unready = step.media ? await prepareMedia(follower.appId, step, call) : null
        if (unready) return unready
        // The media took their time, or waited for their account.
        const now = Date.now()
        return send(follower.appId, step, { ...call, now, leftMs: leftMs - (now - call.now) })
      })
    } catch (err) {
      if (!(err instanceof ActivityFailure) && !isCancellation(err)) throw err
      // Given up by a signal, or out of time: what became of it stands in its delivery row.
      result = await CancellationScope.nonCancellable(() => settle(follower.appId, call))
    } finally {
      sending = null
    }
    state = applySendResult(state, index, { grant, grants: call.state.ledger }, result)
    // The activity wrote the same story with its result.
    recorded = fingerprint(applySendResult(call.state, index, { grant, grants: call.state.ledger }, result))
    if (result.result === 'sent' && (step.tag || step.untag)) await tagAfterSend(index, step)
  }

  /** Not given up by signals: the message is out, and its tags belong to it. A refusal stands in the log only. */
  async function tagAfterSend(index: number, step: PlanStep): Promise<void> {
    const time = { now: Date.now(), leftMs: TAG_AFTER_SEND_MS }
    const result = await CancellationScope.nonCancellable(() =>
      unlessOver<TagResult>(() => tagFollower(follower.appId, step, time), NOT_TAGGED),
    )
    if (result) state = applyTagResult(state, index, step, result, Date.now())
  }

  async function tagStep({ index, leftMs }: Extract<NextAction, { do: 'tag' }>): Promise<void> {
    const step = stepAt(index)
    const time = { now: Date.now(), leftMs }
    const result = await giveUpOnSignal<TagResult>(() => tagFollower(follower.appId, step, time), NOT_TAGGED)
    if (result) state = applyTagResult(state, index, step, result, Date.now())
  }

  async function learnFor({ index, leftMs }: Extract<NextAction, { do: 'fetch-attributes' }>): Promise<void> {
    const step = stepAt(index)
    const time = { now: Date.now(), leftMs }
    const result = await giveUpOnSignal<FetchAttributesResult>(
      () => learnFacts(follower.appId, step, time),
      NOT_LEARNT,
    )
    if (result) state = applyAttributes(state, index, result, Date.now())
  }

  /** As a send is: null when a signal came first, and the run decides anew. */
  async function giveUpOnSignal<T>(work: () => Promise<T>, otherwise: T): Promise<T | null> {
    const scope = new CancellationScope()
    sending = scope
    try {
      return await scope.run(() => unlessOver(work, otherwise))
    } finally {
      sending = null
    }
  }

  function stepAt(index: number): PlanStep {
    const step = plan.steps[index]
    if (!step) throw new Error(`Plan ${plan.campaign}@${plan.version} has no step ${index}`)
    return step
  }

  async function publish(): Promise<void> {
    const written = state
    upsertSearchAttributes([{ key: stateAttribute, value: written.status }])
    setCurrentDetails(renderDetails(written))
    await record(follower.appId, { state: written, plan, runId: workflowInfo().runId })
    recorded = fingerprint(written)
    toldStatus = written.status
  }

  function goOnInNewExecution(): Promise<never> {
    return makeContinueAsNewFunc<typeof FollowerNurture>({ memo: workflowInfo().memo ?? {} })({
      ...input,
      signalsInOrder: true,
      backlog: [],
      state,
      recorded: true,
    })
  }
}

const WAITS_FOR: Record<string, string> = {
  window: 'until the window closes',
  'human-agent': 'until the human agent has been silent for long',
}
const NOT_TAGGED: TagResult = { result: 'refused', reason: 'tag-failed', errcode: null }
const NOT_LEARNT: FetchAttributesResult = { unknown: 'no time left', errcode: null }

/** `otherwise` when the activity ran out of time; null when it was given up. */
async function unlessOver<T>(work: () => Promise<T>, otherwise: T): Promise<T | null> {
  try {
    return await work()
  } catch (err) {
    if (isCancellation(err)) return null
    if (err instanceof ActivityFailure) return otherwise
    throw err
  }
}

/** What the next run must know of the session with a human agent; nothing from before an unfollow. */
function agentAfter({
  agentActive: agent,
  agentStamp: agentMark,
  agentExpiresAt: agentUntil,
  stop,
}: RunState): AgentSessionChange | null {
  if (!agent || !agentMark || agentUntil === undefined) return null
  if (stop?.stamp && isOlder(agentMark, stop.stamp)) return null
  return { open: true, ...agentMark, aheadMs: agentUntil - AGENT_SESSION_MS - agentMark.at }
}

function startOver(
  successor: { input: NurtureInput; backlog: Interaction[] },
  agent: AgentSessionChange | null,
): Promise<never> {
  const { start } = successor.input
  upsertSearchAttributes([
    { key: campaignAttribute, value: start.plan.campaign },
    { key: stateAttribute, value: 'active' },
  ])
  return makeContinueAsNewFunc<typeof FollowerNurture>({
    memo: { runKey: start.entry.key },
    // Another run, though the same chain: it begins on the worker version that is current, not on this run's.
    initialVersioningBehavior: 'AUTO_UPGRADE',
  })({
    ...successor.input,
    ...(agent ? { agent } : {}),
    backlog: successor.backlog,
  })
}

/** From the moment something ended it, a run takes no more part in what the follower does. */
function isClosing(state: RunState): boolean {
  return state.stop !== null || state.status === 'ended'
}

/** An entry that arrives while the run closes begins the next one; after an opt-out only a follow does. */
function beginsSuccessor(state: RunState, event: Interaction): boolean {
  if (!event.start || !isClosing(state) || event.start.entry.key === state.entry.key) return false
  if (state.seenEventKeys.includes(event.key)) return false
  if (state.stop?.stamp && isOlder(event, state.stop.stamp)) return false
  return state.stop?.outcome !== 'opted-out' || event.scene === 'subscribe'
}

/** What the store must be told of: how the run and its steps stand, and when they are planned. */
function fingerprint(state: RunState): string {
  return JSON.stringify([state.status, state.steps.map((s) => [s.state, s.dueAt, s.reason])])
}
