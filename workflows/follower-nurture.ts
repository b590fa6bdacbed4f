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
import { AGENT_SESSION_MS, type AgentWord } from '../src/campaign/agent-session.ts'
import { decide, type Next } from '../src/campaign/decide.ts'
import { applyLearnt, applyTags, type LearnResult, type TagResult } from '../src/campaign/facts.ts'
import { type Interaction, isOlder, type PlanStep } from '../src/campaign/plan.ts'
import { presentRun } from '../src/campaign/present.ts'
import { applySend, beginSend, type SendResult } from '../src/campaign/send-result.ts'
import {
  beginRun,
  endRun,
  hearAgent,
  hearInteraction,
  hearOddity,
  hearPause,
  hearStop,
  hearUnsubscribed,
  type Outcome,
  type RunState,
} from '../src/campaign/state.ts'
import { whoseOf } from '../src/ids.ts'
import { learnFacts, prepareMedia, record, send, settle, tagFollower } from './activity-calls.ts'
import { renderDetails } from './details.ts'
import {
  agentSignal,
  cancelSignal,
  interactionSignal,
  type NurtureInput,
  parseAgent,
  parseInteraction,
  parseName,
  parseReason,
  parseStop,
  parseUnsubscribed,
  pauseSignal,
  readable,
  releaseSignal,
  resumeSignal,
  stateQuery,
  stopSignal,
  tellSignal,
  unsubscribedSignal,
} from './messages.ts'
import { runLog } from './run-log.ts'
import { campaignAttribute, stateAttribute } from './search-attributes.ts'

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
  const whose = whoseOf(workflowInfo().workflowId) ?? { appId: '', openId: '' }
  let state = input.state ?? beginRun(plan, input.start.entry, input.ledger)
  if (input.agent && !input.state) state = hearAgent(state, input.agent.open, input.agent)
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
      hear(hearInteraction(plan, state, event))
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
    } else hear(hearOddity(state, 'a malformed interaction signal'))
  })
  listen(unsubscribedSignal, (raw) => {
    const event = parseUnsubscribed(raw)
    if (!event) return hear(hearOddity(state, 'a malformed unsubscribed signal'))
    runLog.info('run heard', { key: event.key, run: runKey, scene: 'unsubscribe' })
    if (successor && !isOlder(event, successor.input.start.entry)) successor = null
    if (isClosing(state)) return
    hear(hearUnsubscribed(state, event))
    if (state.stop) interrupt()
  })
  listen(
    cancelSignal,
    (reason?: string) => {
      hear(hearStop(state, 'cancelled', parseReason(reason)))
      interrupt()
    },
    { description: 'End this run now. Input: a reason (text), or none.' },
  )
  listen(
    pauseSignal,
    () => {
      hear(hearPause(state, true))
      interrupt()
    },
    { description: 'Keep every step back until resume.' },
  )
  listen(resumeSignal, () => hear(hearPause(state, false)), { description: 'Go on after a pause.' })
  listen(agentSignal, (raw) => {
    const { open, when } = parseAgent(raw)
    hear(hearAgent(state, open, when))
    if (state.agent) interrupt()
  })
  listen(stopSignal, (raw) => {
    const stop = parseStop(raw)
    if (!stop) return hear(hearOddity(state, 'a malformed stop signal'))
    hear(hearStop(state, stop.outcome, stop.reason))
    interrupt()
  })
  listen(releaseSignal, interrupt, { description: 'Try a send that is kept back now.' })
  listen(
    tellSignal,
    () => {
      recorded = null
      changed = true
    },
    { description: 'Write all that this run knows to the store again.' },
  )
  setHandler(stateQuery, () => readable(presentRun(state, { ...whose, runId: workflowInfo().runId })), {
    description: 'The run as the operator API shows it.',
  })
  for (const event of input.backlog ?? []) hearEvent(event)
  if (!input.state) {
    runLog.info('run began', { key: runKey, run: runKey, campaign: `${plan.campaign}@${plan.version}` })
  }
  const hearStranger = (name: string) => hear(hearOddity(state, `an unknown signal, ${parseName(name)}`))
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
  async function nurture(): Promise<Extract<Next, { do: 'finish' }>> {
    for (;;) {
      if (CancellationScope.current().consideredCancelled) {
        state = hearStop(state, 'cancelled', 'cancelled by operator')
      }
      changed = false
      const decided = decide(plan, state, Date.now())
      state = decided.state
      setCurrentDetails(renderDetails(state))
      const { next } = decided
      if (next.do === 'finish') return next
      if (next.do === 'send' && toldStatus !== state.status) await interruptibly(publish)
      else if (next.do === 'send') await sendStep(next)
      else if (next.do === 'learn') await learnFor(next)
      else if (next.do === 'tag') await tagStep(next)
      else await interruptibly(() => waitUntil(next))
    }
  }

  async function waitUntil(next: Extract<Next, { do: 'wait' }>): Promise<void> {
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

  async function sendStep({ index, grant, leftMs }: Extract<Next, { do: 'send' }>): Promise<void> {
    const step = stepAt(index)
    state = beginSend(state, index)
    setCurrentDetails(renderDetails(state))
    const call = { state, index, grant, leftMs, now: Date.now() }
    const scope = new CancellationScope()
    sending = scope
    let result: SendResult
    try {
      result = await scope.run(async () => {
        const unready = step.media ? await prepareMedia(whose.appId, step, call) : null
        if (unready) return unready
        // The media took their time, or waited for their account.
        const now = Date.now()
        return send(whose.appId, step, { ...call, now, leftMs: leftMs - (now - call.now) })
      })
    } catch (err) {
      if (!(err instanceof ActivityFailure) && !isCancellation(err)) throw err
      // Given up by a signal, or out of time: what became of it stands in its delivery row.
      result = await CancellationScope.nonCancellable(() => settle(whose.appId, call))
    } finally {
      sending = null
    }
    state = applySend(state, index, { grant, grants: call.state.ledger }, result)
    // The activity wrote the same story with its result.
    recorded = fingerprint(applySend(call.state, index, { grant, grants: call.state.ledger }, result))
    if (result.result === 'sent' && (step.tag || step.untag)) await tagAfterSend(index, step)
  }

  /** Not given up by signals: the message is out, and its tags belong to it. A refusal stands in the log only. */
  async function tagAfterSend(index: number, step: PlanStep): Promise<void> {
    const time = { now: Date.now(), leftMs: TAG_AFTER_SEND_MS }
    const result = await CancellationScope.nonCancellable(() =>
      unlessOver<TagResult>(() => tagFollower(whose.appId, step, time), NOT_TAGGED),
    )
    if (result) state = applyTags(state, index, step, result, Date.now())
  }

  async function tagStep({ index, leftMs }: Extract<Next, { do: 'tag' }>): Promise<void> {
    const step = stepAt(index)
    const time = { now: Date.now(), leftMs }
    const result = await giveUpOnSignal<TagResult>(() => tagFollower(whose.appId, step, time), NOT_TAGGED)
    if (result) state = applyTags(state, index, step, result, Date.now())
  }

  async function learnFor({ index, leftMs }: Extract<Next, { do: 'learn' }>): Promise<void> {
    const step = stepAt(index)
    const time = { now: Date.now(), leftMs }
    const result = await giveUpOnSignal<LearnResult>(() => learnFacts(whose.appId, step, time), NOT_LEARNT)
    if (result) state = applyLearnt(state, index, result, Date.now())
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
    await record(whose.appId, { state: written, plan, runId: workflowInfo().runId })
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
const NOT_LEARNT: LearnResult = { unknown: 'no time left', errcode: null }

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
function agentAfter({ agent, agentMark, agentUntil, stop }: RunState): AgentWord | null {
  if (!agent || !agentMark || agentUntil === undefined) return null
  if (stop?.mark && isOlder(agentMark, stop.mark)) return null
  return { open: true, ...agentMark, aheadMs: agentUntil - AGENT_SESSION_MS - agentMark.at }
}

function startOver(
  successor: { input: NurtureInput; backlog: Interaction[] },
  agent: AgentWord | null,
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
  if (state.seen.includes(event.key)) return false
  if (state.stop?.mark && isOlder(event, state.stop.mark)) return false
  return state.stop?.outcome !== 'opted-out' || event.scene === 'subscribe'
}

/** What the store must be told of: how the run and its steps stand, and when they are planned. */
function fingerprint(state: RunState): string {
  return JSON.stringify([state.status, state.steps.map((s) => [s.state, s.dueAt, s.reason])])
}
