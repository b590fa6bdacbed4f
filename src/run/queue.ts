import { selectGrant, startTime } from '../wechat/rules/ledger.ts'
import { type Plan, type PlanStep, sendsNothing } from './plan.ts'
import { isUnasked, quietFor, spreadOf } from './schedule.ts'
import { isOpen, type RunState, type StepState } from './state.ts'

/** A step due this close to the window's end, or at it, is sent this long before the end. */
const WINDOW_MARGIN_MS = 3_000
/** A step that goes before the quiet hours goes this long before them, and by the follower's spread earlier. */
const BEFORE_QUIET_MS = 60_000

export interface QueuedStep {
  index: number
  step: StepState
  startsAt: number | null
  sendsNothing: boolean
}

/** Open steps in the order in which they are sent. Steps without a planned time come last. */
export function openSteps(plan: Plan, state: RunState, now: number): QueuedStep[] {
  const queue: QueuedStep[] = []
  state.steps.forEach((step, index) => {
    if (!isOpen(step)) return
    const planned = plan.steps[index]
    const startsAt = planned ? startOf(plan, state, planned, step, now) : step.dueAt
    queue.push({ index, step, startsAt, sendsNothing: planned !== undefined && sendsNothing(planned) })
  })
  // Quiet hours and the account's cap move some steps before others that were due earlier.
  if (state.cappedUntil !== undefined) return queue.sort((a, b) => byStart(a, b) || byDueTime(a, b))
  return queue.sort(plan.quiet ? (a, b) => byStart(a, b) || a.index - b.index : byDueTime)
}

const byDueTime = (a: QueuedStep, b: QueuedStep) =>
  (a.step.dueAt ?? Infinity) - (b.step.dueAt ?? Infinity) || a.index - b.index
const byStart = (a: QueuedStep, b: QueuedStep) => (a.startsAt ?? Infinity) - (b.startsAt ?? Infinity)

/** A step's planned time, made earlier when it falls into a grant's margin or on the window's end. */
function startOf(
  plan: Plan,
  state: RunState,
  planned: PlanStep,
  step: StepState,
  now: number,
): number | null {
  const { dueAt } = step
  if (dueAt === null) return null
  const atWindowEnd = dueAt <= state.closesAt && dueAt > state.closesAt - WINDOW_MARGIN_MS
  const at = atWindowEnd ? state.closesAt - WINDOW_MARGIN_MS : dueAt
  if (sendsNothing(planned)) return at
  return afterCap(plan, state, planned, sendStart(plan, state, { planned, step }, at, now), now)
}

/**
 * A message that the account's cap holds starts when the cap allows it, outside quiet hours. An answer, a step for any time and
 * one with `ifLate: skip` do not wait: the last look before the request decides on them.
 */
function afterCap(plan: Plan, state: RunState, planned: PlanStep, start: number, now: number): number {
  const { cappedUntil } = state
  if (cappedUntil === undefined || start >= cappedUntil || planned.anytime || planned.ifLate === 'skip')
    return start
  if (!isUnasked(plan, state, Math.max(start, now))) return start
  const quiet = quietFor(plan, state, planned, Math.max(cappedUntil, now))
  return quiet ? quiet.to + spreadOf(plan, state) : cappedUntil
}

/** The start of a step with a message. */
function sendStart(
  plan: Plan,
  state: RunState,
  { planned, step }: { planned: PlanStep; step: StepState },
  at: number,
  now: number,
): number {
  const isSpread =
    plan.spreadMs !== undefined && (planned.clock !== undefined || step.quietSince !== undefined)
  if (!isSpread && !plan.quiet) return startTime(state.ledger, at)
  const start = payableStart(plan, state, { planned, step, isSpread }, at, now)
  // A step that was held from before the quiet hours is not released in them.
  const quiet = planned.ifLate === 'hold' ? quietFor(plan, state, planned, Math.max(start, now)) : null
  return quiet ? quiet.to + spreadOf(plan, state) : start
}

/**
 * The start that a grant can pay: the planned time, or it without the spread, or just before the quiet hours that moved the
 * step. The planned time when none can.
 */
function payableStart(
  plan: Plan,
  state: RunState,
  { planned, step, isSpread }: { planned: PlanStep; step: StepState; isSpread: boolean },
  at: number,
  now: number,
): number {
  const { ledger } = state
  const isPayable = (start: number) => selectGrant(ledger, start) !== undefined && start < state.closesAt
  const spreadMs = spreadOf(plan, state)
  for (const due of isSpread ? [at, at - spreadMs] : [at]) {
    const start = startTime(ledger, due)
    if (isPayable(start) && (start === due || !quietFor(plan, state, planned, start))) return start
  }
  const { quietSince } = step
  if (quietSince === undefined || now >= quietSince) return startTime(ledger, at)
  const before = quietSince - BEFORE_QUIET_MS - spreadMs
  return isPayable(Math.max(before, now)) ? before : startTime(ledger, at)
}
