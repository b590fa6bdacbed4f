import { type Grant, MIN_LEFT_MS, selectGrant, startTime, usableUntil } from '../wechat/rules/ledger.ts'
import { agentSessionEnd } from './agent-session.ts'
import { checkAttributes } from './attributes.ts'
import { isTagOnly, type Plan, type PlanStep } from './plan.ts'
import {
  changeStep,
  expireAgentSession,
  isOpen,
  type Outcome,
  type RunState,
  type StepState,
} from './state.ts'

/** What a run does next. */
export type NextAction =
  /** Send a step's message. `leftMs`: time until the grant's margin or the window's end, ms. */
  | { do: 'send'; index: number; grant: Grant; leftMs: number }
  /** Execute a step that only tags. `leftMs`: time until the window's end, ms. */
  | { do: 'tag'; index: number; leftMs: number }
  /** Fetch the follower's attributes for a step that is due. `leftMs` is that step's. */
  | { do: 'fetch-attributes'; index: number; leftMs: number }
  | { do: 'wait'; until: number; for: string }
  | { do: 'finish'; outcome: Outcome; reason: string | null }

/** A step counts as late after this time. */
const LATE_AFTER_MS = 60_000

/** A step due this close to the window's end, or at it, is sent this long before the end. */
const WINDOW_MARGIN_MS = 3_000

/**
 * Decides what a run does next, and marks the steps that are held or skipped by now. A pure function of the plan, the state
 * and the time: stored histories are replayed through it, so the same arguments must always give the same result.
 *
 * Open steps are sent in the order of their planned times. A due step that no grant can pay for is held until one can, or
 * skipped with `ifLate: skip`. Its `when` is checked when it could be sent. A step that only tags waits for its time alone:
 * it needs no grant, keeps no spacing, and does not wait for held steps.
 * @param now epoch ms by the follower's clock
 */
export function decide(plan: Plan, state: RunState, now: number): { state: RunState; next: NextAction } {
  if (state.stop) return { state, next: { do: 'finish', ...pickStop(state.stop) } }
  const assessed = assessOpenSteps(plan, state, now)
  const next = chooseAction(plan, assessed, now)
  if (next.do !== 'send' && next.do !== 'tag') return { state: assessed, next }
  const step = plan.steps[next.index]
  // One step at a time, because the step before may add the tag that this step's condition needs.
  switch (step ? checkAttributes(step, assessed, now) : 'go') {
    case 'go':
      return { state: assessed, next }
    case 'fetch':
      return { state: assessed, next: { do: 'fetch-attributes', index: next.index, leftMs: next.leftMs } }
    case 'skip':
      return decide(plan, changeStep(assessed, next.index, { state: 'skipped', reason: 'condition' }), now)
  }
}

function chooseAction(plan: Plan, state: RunState, now: number): NextAction {
  const queue = openSteps(plan, state)
  if (queue.length === 0) return { do: 'finish', outcome: 'completed', reason: null }
  if (now >= state.closesAt) return { do: 'finish', outcome: 'window-closed', reason: null }
  const closing: NextAction = { do: 'wait', until: state.closesAt, for: 'window' }
  // All steps are held. The run wakes when the next one is due, to mark it.
  if (state.status === 'paused' || state.agentSession?.open) {
    const due = waitForNextDue(queue, now) ?? closing
    const sessionEnd = agentSessionEnd(state.agentSession) ?? Infinity
    return sessionEnd < due.until ? { do: 'wait', until: sessionEnd, for: 'human-agent' } : due
  }

  const sending = nextSend(plan, state, now, queue, closing)
  const tagStep = queue.find((q) => q.tagOnly && q.startsAt !== null && q.startsAt <= now)
  if (!tagStep) return sending
  const sendsFirst =
    sending.do === 'send' && queue.findIndex((q) => q.index === sending.index) < queue.indexOf(tagStep)
  const leftMs = state.closesAt - now
  if (sendsFirst || leftMs < MIN_LEFT_MS) return sending
  return { do: 'tag', index: tagStep.index, leftMs }
}

function nextSend(
  plan: Plan,
  state: RunState,
  now: number,
  queue: readonly QueuedStep[],
  closing: NextAction,
): NextAction {
  const head = queue.find((q) => !q.tagOnly)
  if (!head || head.startsAt === null) return waitForNextDue(queue, now) ?? closing
  const at = Math.max(head.startsAt, releaseTime(plan, state, head.step))
  if (at > now) {
    const tag = waitForNextDue(
      queue.filter((q) => q.tagOnly),
      now,
    )
    const until = Math.min(at, state.closesAt)
    return tag && tag.until < until ? tag : { do: 'wait', until, for: head.step.id }
  }
  const grant = selectGrant(state.ledger, now)
  // The step is held because no grant can pay. An interaction wakes the run, and so does the next step's time.
  if (!grant) return waitForNextDue(queue, now) ?? closing
  // Retries of a failed request also end with the window, which may close before the grant expires.
  const leftMs = Math.min(usableUntil(grant), state.closesAt) - now
  return leftMs < MIN_LEFT_MS ? closing : { do: 'send', index: head.index, grant, leftMs }
}

/** Marks each open step that is certainly held or skipped by now. */
function assessOpenSteps(plan: Plan, state: RunState, now: number): RunState {
  let current = now >= (agentSessionEnd(state.agentSession) ?? Infinity) ? expireAgentSession(state) : state
  for (const { index, step, startsAt } of openSteps(plan, state)) {
    const planned = plan.steps[index]
    const verdict = planned && assessStep(planned, step, startsAt, current, now)
    if (!verdict) continue
    if (step.state === verdict.state && step.reason === verdict.reason) continue
    current = changeStep(current, index, verdict.state === 'held' ? { ...verdict, wasHeld: true } : verdict)
  }
  return current
}

interface Verdict {
  state: 'held' | 'skipped'
  reason: string
}

/** Returns null for a step that may be sent, or that is not due yet. */
function assessStep(
  planned: PlanStep,
  step: StepState,
  startsAt: number | null,
  state: RunState,
  now: number,
): Verdict | null {
  // A reply cannot be undone, so this step is skipped before its time.
  if (planned.when === 'not-replied' && state.reply) return skipped('replied')
  if (startsAt === null || startsAt > now || step.dueAt === null || now >= state.closesAt) return null
  if (state.status === 'paused') return held('paused')
  if (state.agentSession?.open) return held('human-agent')
  if (planned.when === 'replied' && !state.reply) return skipped('not-replied')
  const isLate = wasBlocked(step) || now - step.dueAt > LATE_AFTER_MS
  if (planned.ifLate === 'skip' && isLate) return skipped('late')
  if (isTagOnly(planned) || selectGrant(state.ledger, now)) return null
  return planned.ifLate === 'skip' ? skipped('no-grant') : held('no-grant')
}

const held = (reason: string): Verdict => ({ state: 'held', reason })
const skipped = (reason: string): Verdict => ({ state: 'skipped', reason })

/** True when the step came due during a pause or a human agent's session. */
function wasBlocked(step: StepState): boolean {
  return step.state === 'held' && (step.reason === 'paused' || step.reason === 'human-agent')
}

interface QueuedStep {
  index: number
  step: StepState
  startsAt: number | null
  tagOnly: boolean
}

/** Open steps in the order in which they are sent. Steps that wait for a reply come last. */
function openSteps(plan: Plan, state: RunState): QueuedStep[] {
  return state.steps
    .map((step, index) => {
      const planned = plan.steps[index]
      const tagOnly = planned !== undefined && isTagOnly(planned)
      const startsAt = step.dueAt === null ? null : startOfStep(state, step.dueAt, tagOnly)
      return { index, step, startsAt, tagOnly }
    })
    .filter(({ step }) => isOpen(step))
    .sort((a, b) => (a.step.dueAt ?? Infinity) - (b.step.dueAt ?? Infinity) || a.index - b.index)
}

/** A step's planned time, made earlier when it falls into a grant's margin or on the window's end. */
function startOfStep(state: RunState, dueAt: number, tagOnly: boolean): number {
  const atWindowEnd = dueAt <= state.closesAt && dueAt > state.closesAt - WINDOW_MARGIN_MS
  const at = atWindowEnd ? state.closesAt - WINDOW_MARGIN_MS : dueAt
  return tagOnly ? at : startTime(state.ledger, at)
}

/** The earliest time for a held step: `spacing` after the last release. */
function releaseTime(plan: Plan, state: RunState, step: StepState): number {
  return step.wasHeld && state.releasedAt !== null ? state.releasedAt + plan.spacingMs : 0
}

function waitForNextDue(
  queue: readonly QueuedStep[],
  now: number,
): Extract<NextAction, { do: 'wait' }> | null {
  const following = queue
    .filter((q): q is QueuedStep & { startsAt: number } => q.startsAt !== null && q.startsAt > now)
    .sort((a, b) => a.startsAt - b.startsAt)[0]
  return following ? { do: 'wait', until: following.startsAt, for: following.step.id } : null
}

function pickStop(stop: NonNullable<RunState['stop']>): { outcome: Outcome; reason: string | null } {
  return { outcome: stop.outcome, reason: stop.reason }
}
