import { agentSessionEnd } from './agent-session.ts'
import { ATTRIBUTES_UNKNOWN, type FetchAttributesResult, freshAttributes } from './attributes.ts'
import { conditionHolds } from './condition.ts'
import { factsFit, fitsAny, type RunEvent } from './event-matcher.ts'
import { hash32 } from './hash.ts'
import type { Plan } from './plan.ts'
import { branchOf, OTHERWISE, type PlanFork } from './plan-fork.ts'
import { reachedAt, schedule } from './schedule.ts'
import { doneAt, type ForkState, isOpen, type RunState, update } from './state.ts'

/**
 * The forks of a run. Three rules hold: at most one wait is open at a time, a fork is decided once, and below a fork nothing
 * happens before it is decided. All functions are pure.
 */

/** WeChat's clock and this one may differ by this much in the order of a question and its answer. */
const CLOCK_TOLERANCE_MS = 2_000
/** Shares are compared in ten-thousandths. */
const SHARES = 10_000
const RECENT_EVENTS_MAX = 5

/**
 * Decides every fork that is decided by `upTo`: shares and conditions when they are reached, waits when their time is over.
 * Opens the wait that is reached.
 * @param upTo epoch ms by the follower's clock
 */
export function settle(plan: Plan, state: RunState, upTo: number): RunState {
  if (!state.forks) return state
  let current = state
  // Each turn opens or decides a fork, so there are at most two for each.
  for (;;) {
    const fork = currentFork(plan, current)
    const next = fork === null ? current : advance(plan, current, fork, upTo)
    if (next === current) return current
    current = next
  }
}

/** The fork that is next to be decided, if everything above it is done; null when there is none. */
function currentFork(plan: Plan, state: RunState): number | null {
  const { forks } = state
  const index = forks?.findIndex((f) => isLive(f)) ?? -1
  const [planned, fork] = [plan.forks?.[index], forks?.[index]]
  if (!planned || !fork) return null
  if (fork.state !== 'pending') return index
  // The forks above it are decided, and it is not closed: it is in the branches that they took.
  return state.steps.some((s, i) => i < planned.at && isOpen(s)) ? null : index
}

/** True for a fork that is not decided and may still be. */
export function isLive({ state }: ForkState): boolean {
  return state === 'pending' || state === 'waiting' || state === 'asking'
}

function advance(plan: Plan, state: RunState, index: number, upTo: number): RunState {
  const [fork, planned] = [state.forks?.[index], plan.forks?.[index]]
  if (!fork || !planned) return state
  switch (fork.state) {
    case 'pending': {
      const at = reachedAt(plan, state, index)
      return at === null || at > upTo ? state : reach(plan, state, { planned, index }, at)
    }
    case 'asking': {
      const { reason, openedAt } = fork
      const found = reason === undefined ? chooseByCondition(planned, state, upTo) : OTHERWISE
      return found === null ? state : take(plan, state, index, found, Math.max(upTo, openedAt ?? upTo))
    }
    case 'waiting': {
      const deadline = deadlineOf(plan, state, index)
      return deadline === null || deadline > upTo ? state : take(plan, state, index, OTHERWISE, deadline)
    }
    default:
      return state
  }
}

function reach(
  plan: Plan,
  state: RunState,
  { planned, index }: { planned: PlanFork; index: number },
  at: number,
): RunState {
  switch (planned.kind) {
    case 'share': {
      const value = hash32(state.seed ?? 0, planned.id) % SHARES
      const branch = planned.branches.findIndex(({ upTo = 0 }) => value < upTo)
      return take(plan, state, index, branch, at)
    }
    case 'when': {
      const branch = chooseByCondition(planned, state, at)
      if (branch !== null) return take(plan, state, index, branch, at)
      return changeFork(plan, state, index, { state: 'asking', openedAt: at })
    }
    case 'on': {
      const from = (state.answersFrom ?? state.startedAt) - CLOCK_TOLERANCE_MS
      const open = changeFork(plan, state, index, { state: 'waiting', openedAt: at, from })
      const known = branchOfFacts(planned, state)
      if (known >= 0) return take(plan, open, index, known, at)
      for (const event of state.recentEvents ?? []) {
        if (event.at < from) continue
        const branch = branchFor(planned, event, open)
        if (branch >= 0) return take(plan, answeredBy(open, event), index, branch, at)
      }
      return open
    }
    default:
      return planned.kind satisfies never
  }
}

/** The branch whose condition holds first; -1 when none does; null while that depends on unknown attributes. */
function chooseByCondition({ branches }: PlanFork, state: RunState, now: number): number | null {
  const attributes = freshAttributes(state, now)
  for (const [branch, { when = {} }] of branches.entries()) {
    const holds = conditionHolds(when, state, attributes)
    if (holds === null) return null
    if (holds) return branch
  }
  return OTHERWISE
}

function branchFor({ branches }: PlanFork, event: RunEvent, { own = {} }: RunState): number {
  return branches.findIndex(({ on }) => fitsAny(on ?? [], event, own))
}

/** The branch whose facts are set already; -1 when there is none. */
function branchOfFacts({ branches }: PlanFork, { own = {} }: RunState): number {
  return branches.findIndex(({ on }) => factsFit(on ?? [], own))
}

/** When the open wait of a fork is over, epoch ms; null while its time is stopped, and for any other fork. */
export function deadlineOf(plan: Pick<Plan, 'forks'>, state: RunState, index: number): number | null {
  const { openedAt = null, state: now } = state.forks?.[index] ?? {}
  const waitMs = plan.forks?.[index]?.waitMs ?? null
  if (now !== 'waiting' || openedAt === null || waitMs === null || isHalted(state)) return null
  return openedAt + waitMs
}

/** When a fork is decided or opened without an event, epoch ms; null when there is no such time. */
export function nextForkTime(plan: Plan, state: RunState): number | null {
  const index = currentFork(plan, state)
  if (index === null) return null
  return state.forks?.[index]?.state === 'pending'
    ? reachedAt(plan, state, index)
    : deadlineOf(plan, state, index)
}

/** Applies an event to the open wait, or keeps it for a question that is just being sent. */
export function answerFork(plan: Plan, state: RunState, event: RunEvent): RunState {
  const index = currentFork(plan, state)
  const [planned, fork] = index === null ? [] : [plan.forks?.[index], state.forks?.[index]]
  if (index === null || !planned || fork?.state !== 'waiting') return keepEvent(state, event)
  const { openedAt = null, from = 0 } = fork
  const deadline = deadlineOf(plan, state, index) ?? Infinity
  const isEarly = event.at < from
  // A fact that was set before the question is known only now. Facts are a state, so it counts.
  const early = isEarly && event.event === 'fact' ? branchOfFacts(planned, state) : OTHERWISE
  const branch = event.at >= deadline ? OTHERWISE : isEarly ? early : branchFor(planned, event, state)
  if (branch === OTHERWISE) return state
  return take(plan, answeredBy(state, event), index, branch, Math.max(event.at, openedAt ?? event.at))
}

/** Facts are a state that the open wait sees when it opens, so their events are not kept. */
function keepEvent(state: RunState, event: RunEvent): RunState {
  if (event.event === 'fact' || !state.forks?.some(isLive)) return state
  const kept = [...(state.recentEvents ?? []), event].sort((a, b) => a.at - b.at)
  return update(state, { recentEvents: kept.slice(-RECENT_EVENTS_MAX) })
}

function answeredBy(state: RunState, { event, text }: RunEvent): RunState {
  return event === 'message' ? { ...state, answer: text ?? '' } : state
}

/** Stores fetched attributes in the run. A fork with unknown attributes takes `otherwise`, once the run decides again. */
export function applyLearned(
  state: RunState,
  index: number,
  result: FetchAttributesResult,
  at: number,
): RunState {
  if ('attributes' in result) return update(state, { attributes: { ...result.attributes, at } })
  const forks = state.forks?.map((f, i) => (i === index ? { ...f, reason: ATTRIBUTES_UNKNOWN } : f))
  return forks ? update(state, { forks }) : state
}

/** The state while a step is being sent or done: from now on, a message may answer the fork below it. */
export function beginAsking(state: RunState, at: number): RunState {
  if (!state.forks) return state
  // What has arrived before is no answer, not even the message that released a held question.
  const { recentEvents: _, ...rest } = state
  return { ...rest, answersFrom: at }
}

/** Decides a fork. Skips the steps that are off the follower's way from now on, and plans the others. */
function take(plan: Plan, state: RunState, index: number, branch: number, at: number): RunState {
  const planned = plan.forks?.[index]
  if (!planned || !state.forks) return state
  const ends = branchOf(planned, branch).ends === true
  const forks = state.forks.map((fork, i): ForkState => {
    if (i === index) {
      const { openedAt, reason } = fork
      const why = reason === undefined ? {} : { reason }
      return { state: 'taken', took: branch, openedAt: openedAt ?? at, takenAt: at, ...why }
    }
    if (i < index || !isLive(fork)) return fork
    const inside = branchUnder(plan, i, index)
    const isCut = inside === null ? ends : inside !== branch
    return isCut ? { ...fork, state: 'closed' } : fork
  })
  const steps = state.steps.map((step, i) => {
    const why = isOpen(step) && step.state !== 'sending' ? cutReason(plan, forks, i) : null
    return why === null ? step : { ...step, state: 'skipped' as const, reason: why }
  })
  const { recentEvents: _, ...rest } = state
  return schedule(plan, update({ ...rest, steps, answersFrom: at }, { forks, ...doneAt(state, at) }))
}

/** The branch of `fork` that another fork is in; null when it is in none. */
function branchUnder(plan: Plan, inner: number, fork: number): number | null {
  for (let parent = plan.forks?.[inner]?.parent; parent; parent = plan.forks?.[parent[0]]?.parent)
    if (parent[0] === fork) return parent[1]
  return null
}

/** Why a step is off the follower's way; null when it is not. */
export function cutReason(
  plan: Plan,
  forks: readonly ForkState[],
  step: number,
): 'wait-over' | 'other-branch' | null {
  for (const [i, { at, end, branches, otherwise }] of (plan.forks ?? []).entries()) {
    const took = forks[i]?.took ?? null
    if (took === null || step < at) continue
    const { from, to, ends } = branches[took] ?? otherwise
    if (step < (branches[0]?.from ?? at)) return 'wait-over'
    if (step < end ? step < from || step >= to : ends === true) return 'other-branch'
  }
  return null
}

function changeFork(plan: Plan, state: RunState, index: number, patch: Partial<ForkState>): RunState {
  const forks = state.forks?.map((fork, i) => (i === index ? { ...fork, ...patch } : fork))
  return forks ? schedule(plan, update(state, { forks })) : state
}

/** True while a pause or a human agent's session stops the time of waits. */
function isHalted(state: RunState): boolean {
  return state.status === 'paused' || agentSessionEnd(state.agentSession) !== null
}

/**
 * Stops the time of the open wait when a pause or a human agent's session has begun, and moves the wait by that time when it
 * has ended.
 * @param before the state before the change
 * @param at when it changed, epoch ms
 */
export function haltWaits(plan: Plan, before: RunState, after: RunState, at: number): RunState {
  if (!after.forks || isHalted(before) === isHalted(after)) return after
  if (isHalted(after)) return { ...after, haltedAt: at }
  const { haltedAt = at, ...rest } = after
  const forks = after.forks.map((fork) => {
    if (fork.state !== 'waiting' || fork.openedAt === null) return fork
    const stoppedMs = Math.max(0, at - Math.max(haltedAt, fork.openedAt))
    return { ...fork, openedAt: fork.openedAt + stoppedMs }
  })
  return schedule(plan, { ...rest, forks })
}

/** The fork with conditions that need the follower's attributes; null when there is none. */
export function askingFork(plan: Plan, state: RunState): number | null {
  const index = currentFork(plan, state)
  return index !== null && state.forks?.[index]?.state === 'asking' && plan.forks?.[index] ? index : null
}
