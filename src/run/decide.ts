import { type Grant, MIN_LEFT_MS, selectGrant, usableUntil } from '../wechat/rules/ledger.ts'
import { agentSessionEnd } from './agent-session.ts'
import { assessOpenSteps } from './assess.ts'
import { checkAttributes } from './attributes.ts'
import { askingFork, isLive, nextForkTime, settle } from './forks.ts'
import type { Outcome } from './outcome.ts'
import type { Plan } from './plan.ts'
import { openSteps, type QueuedStep } from './queue.ts'
import { scheduleFacts } from './schedule.ts'
import { changeStep, doneAt, type RunState, type StepState } from './state.ts'

/** What a run does next. */
export type NextAction =
  /** Send a step's message. `leftMs`: time until the grant's margin or the window's end, ms. */
  | { do: 'send'; index: number; grant: Grant; leftMs: number }
  /** Execute a step that only tags. `leftMs`: time until the window's end, ms. */
  | { do: 'tag'; index: number; leftMs: number }
  /** Execute another step without a message. `leftMs` likewise. */
  | { do: 'act'; index: number; leftMs: number }
  /** Fetch the follower's attributes for a step that is due. `leftMs` is that step's. */
  | { do: 'fetch-attributes'; index: number; leftMs: number }
  /** Fetch them for the conditions of a fork. */
  | { do: 'learn'; fork: number; leftMs: number }
  | { do: 'wait'; until: number; for: string }
  | { do: 'finish'; outcome: Outcome; reason: string | null }

/**
 * Decides what a run does next, and marks the steps that are held or skipped by now. A pure function of the plan, the state
 * and the time: stored histories are replayed through it, so the same arguments must always give the same result.
 *
 * Open steps are sent in the order of their planned times. A due step that no grant can pay for is held until one can, or
 * skipped with `ifLate: skip`. Its `when` is checked when it could be sent. A step without a message waits for its time alone:
 * it needs no grant, keeps no spacing, and does not wait for held steps. The forks that are decided by now are decided first.
 * @param now epoch ms by the follower's clock
 */
export function decide(plan: Plan, state: RunState, now: number): { state: RunState; next: NextAction } {
  if (state.stop) return { state, next: { do: 'finish', ...pickStop(state.stop) } }
  const assessed = settleAndAssess(plan, state, now)
  const next = chooseAction(plan, assessed, now)
  if (next.do !== 'send' && next.do !== 'tag' && next.do !== 'act') return { state: assessed, next }
  const step = plan.steps[next.index]
  // One step at a time, because the step before may add the tag that this step's condition needs.
  switch (step ? checkAttributes(step, assessed, now) : 'go') {
    case 'go':
      return { state: assessed, next }
    case 'fetch':
      return { state: assessed, next: { do: 'fetch-attributes', index: next.index, leftMs: next.leftMs } }
    case 'skip': {
      const verdict = { state: 'skipped', reason: 'condition' } as const
      return decide(plan, changeStep(assessed, next.index, verdict, doneAt(assessed, now)), now)
    }
  }
}

/** A decided fork makes steps due, and a step that is done lets a fork open: both until nothing changes. */
function settleAndAssess(plan: Plan, state: RunState, now: number): RunState {
  let current = scheduleFacts(plan, state)
  for (;;) {
    const assessed = assessOpenSteps(plan, settle(plan, current, now), now)
    if (assessed === current || !plan.forks?.length) return assessed
    current = assessed
  }
}

function chooseAction(plan: Plan, state: RunState, now: number): NextAction {
  const queue = openSteps(plan, state, now)
  if (queue.length === 0 && !state.forks?.some(isLive))
    return { do: 'finish', outcome: 'completed', reason: null }
  if (now >= state.closesAt) return { do: 'finish', outcome: 'window-closed', reason: null }
  const leftMs = state.closesAt - now
  const asking = askingFork(plan, state)
  if (asking !== null && leftMs >= MIN_LEFT_MS) return { do: 'learn', fork: asking, leftMs }
  const next = nextOf(plan, state, now, queue)
  // In a plan without forks no step is due after the window: `check` refuses the file.
  if (next.do !== 'wait' || !plan.forks) return next
  const forkAt = nextForkTime(plan, state) ?? Infinity
  const until = Math.min(next.until, forkAt, state.closesAt)
  return until === next.until ? next : { do: 'wait', until, for: until === forkAt ? 'fork' : 'window' }
}

/** What the open steps need next. */
function nextOf(plan: Plan, state: RunState, now: number, queue: readonly QueuedStep[]): NextAction {
  const closing: NextAction = { do: 'wait', until: state.closesAt, for: 'window' }
  // All steps are held. The run wakes when the next one is due, to mark it.
  if (state.status === 'paused' || state.agentSession?.open) {
    const due = waitForNextDue(queue, now) ?? closing
    const sessionEnd = agentSessionEnd(state.agentSession) ?? Infinity
    return sessionEnd < due.until ? { do: 'wait', until: sessionEnd, for: 'human-agent' } : due
  }

  const sending = nextSend(plan, state, now, queue, closing)
  const acting = queue.find((q) => q.sendsNothing && q.startsAt !== null && q.startsAt <= now)
  if (!acting) return sending
  const sendsFirst =
    sending.do === 'send' && queue.findIndex((q) => q.index === sending.index) < queue.indexOf(acting)
  const leftMs = state.closesAt - now
  if (sendsFirst || leftMs < MIN_LEFT_MS) return sending
  return { do: plan.steps[acting.index]?.kind === 'act' ? 'act' : 'tag', index: acting.index, leftMs }
}

function nextSend(
  plan: Plan,
  state: RunState,
  now: number,
  queue: readonly QueuedStep[],
  closing: NextAction,
): NextAction {
  const head = queue.find((q) => !q.sendsNothing)
  if (!head || head.startsAt === null) return waitForNextDue(queue, now) ?? closing
  const at = Math.max(head.startsAt, releaseTime(plan, state, head.step))
  if (at > now) {
    const other = waitForNextDue(
      queue.filter((q) => q.sendsNothing),
      now,
    )
    const until = Math.min(at, state.closesAt)
    return other && other.until < until ? other : { do: 'wait', until, for: head.step.id }
  }
  const grant = selectGrant(state.ledger, now)
  // The step is held because no grant can pay. An interaction wakes the run, and so does the next step's time.
  if (!grant) return waitForNextDue(queue, now) ?? closing
  // Retries of a failed request also end with the window, which may close before the grant expires.
  const leftMs = Math.min(usableUntil(grant), state.closesAt) - now
  return leftMs < MIN_LEFT_MS ? closing : { do: 'send', index: head.index, grant, leftMs }
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
