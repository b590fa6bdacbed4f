import { timeOfFact } from './fact.ts'
import { hash32 } from './hash.ts'
import { clockTime, quietAt } from './local-time.ts'
import { correctedTime, type Plan, type PlanStep, sendsNothing } from './plan.ts'
import { type Anchor, branchOf, type Clock } from './plan-fork.ts'
import { isOpen, type RunState, type StepState } from './state.ts'

/** A message this soon after the follower's last interaction answers it. A later one is unasked. */
const ANSWER_MS = 10 * 60_000

/** How much later local times and ends of quiet hours are for this follower, ms. One figure for the run, so that gaps stay. */
export function spreadOf(plan: Plan, state: RunState): number {
  return plan.spreadMs ? hash32(state.seed ?? 0, 'spread') % plan.spreadMs : 0
}

/** True for a message at `at` that answers nothing that the follower did. */
export function isUnasked(plan: Pick<Plan, 'windowMs'>, state: RunState, at: number): boolean {
  // The window is counted from the last interaction, by this machine's clock.
  return at > state.closesAt - plan.windowMs + ANSWER_MS
}

/** The quiet hours at `at`, epoch ms, for a step that they move; null when they do not. */
export function quietFor(
  plan: Plan,
  state: RunState,
  step: PlanStep,
  at: number,
): { from: number; to: number } | null {
  if (!plan.quiet || step.anytime || sendsNothing(step) || !isUnasked(plan, state, at)) return null
  return quietAt(plan.zone ?? [], plan.quiet, at)
}

/**
 * Sets the planned times of the open steps: the anchor and the delay or the clock, then the fork that the step is below, then
 * the quiet hours. Pure, and run again after every event that changes one of them.
 */
export function schedule(plan: Plan, state: RunState): RunState {
  const times = new Times(plan, state)
  const starts = state.steps.map((_, i) => times.start(i))
  const steps = state.steps.map((step, i) => {
    if (!isOpen(step)) return step
    const dueAt = starts[i] ?? null
    const planned = times.planned(i)
    const plannedAt = planned === null || planned === dueAt ? undefined : planned
    if (step.dueAt === dueAt && step.plannedAt === plannedAt && step.quietSince === undefined) return step
    const { plannedAt: _, quietSince: __, ...rest } = step
    return { ...rest, dueAt, ...(plannedAt === undefined ? {} : { plannedAt }) }
  })
  return { ...state, steps: plan.quiet ? moveOutOfQuietHours(plan, state, steps, starts) : steps }
}

/** Plans again when a step of the run itself has set a fact that other steps are counted from. */
export function scheduleFacts(plan: Plan, state: RunState): RunState {
  const hasFactTime =
    state.own && plan.steps.some(({ since }) => typeof since === 'object' && 'fact' in since)
  if (!hasFactTime) return state
  const next = schedule(plan, state)
  return next.steps.every((s, i) => s.dueAt === state.steps[i]?.dueAt) ? state : next
}

/** When a fork is reached, epoch ms, if everything above it is done; null while its anchor has no time. */
export function reachedAt(plan: Plan, state: RunState, fork: number): number | null {
  const planned = new Times(plan, state)
  const found = plan.forks?.[fork]
  if (!found) return null
  const at = planned.of(found.since, found.afterMs, found.clock)
  const notBefore = found.notBefore === undefined ? at : planned.anchor(found.notBefore)
  if (at === null || notBefore === null) return null
  return Math.max(at, notBefore, state.lastDoneAt ?? at)
}

/** The times of a plan's steps and forks, in a given state. */
class Times {
  private readonly plan: Plan
  private readonly state: RunState
  private readonly known: (number | null)[] = []
  private readonly settled = new Map<number, number | null>()

  constructor(plan: Plan, state: RunState) {
    this.plan = plan
    this.state = state
  }

  /** A step that is done keeps its planned time. */
  planned(index: number): number | null {
    const before = this.known[index]
    if (before !== undefined) return before
    const [step, now] = [this.plan.steps[index], this.state.steps[index]]
    const kept = now && !isOpen(now) ? (now.plannedAt ?? now.dueAt) : null
    const found = kept ?? (step ? this.of(this.anchorOf(step, index), step.afterMs, step.clock) : null)
    this.known[index] = found
    return found
  }

  /** When a step may start, before quiet hours: its planned time, and not before the fork that it is below. */
  start(index: number): number | null {
    const planned = this.planned(index)
    const anchor = this.plan.steps[index]?.notBefore
    const notBefore = anchor === undefined ? planned : this.anchor(anchor)
    return planned === null || notBefore === null ? null : Math.max(planned, notBefore)
  }

  of(since: Anchor, afterMs: number, clock: Clock | undefined): number | null {
    const from = this.anchor(since)
    if (from === null) return null
    if (!clock) return from + afterMs
    return clockTime(this.plan.zone ?? [], clock, from, afterMs) + spreadOf(this.plan, this.state)
  }

  anchor(anchor: Anchor): number | null {
    const { state } = this
    if (anchor === 'reply') return state.reply?.at ?? null
    // A fork never has `previous`: `anchorOf` replaces it for a step.
    if (anchor === 'entry' || anchor === 'previous') return correctedTime(state.entry)
    if ('step' in anchor) return this.planned(anchor.step)
    if ('open' in anchor) return state.forks?.[anchor.open]?.openedAt ?? null
    if ('taken' in anchor) return state.forks?.[anchor.taken]?.takenAt ?? null
    if ('end' in anchor) return this.endOf(anchor.end)
    if ('settled' in anchor) return this.settledAt(anchor.settled)
    const { own = {} } = state
    return timeOfFact(Object.hasOwn(own, anchor.fact) ? own[anchor.fact] : undefined)
  }

  private anchorOf({ since }: PlanStep, index: number): Anchor {
    if (since !== 'previous') return since
    return index === 0 ? 'entry' : { step: index - 1 }
  }

  private endOf(fork: number): number | null {
    const took = this.state.forks?.[fork]?.took ?? null
    const planned = this.plan.forks?.[fork]
    return took === null || !planned ? null : this.anchor(branchOf(planned, took).last)
  }

  private settledAt(fork: number): number | null {
    const known = this.settled.get(fork)
    if (known !== undefined) return known
    const found = this.findSettled(fork)
    this.settled.set(fork, found)
    return found
  }

  private findSettled(fork: number): number | null {
    const { took = null, takenAt = null } = this.state.forks?.[fork] ?? {}
    if (took === null || takenAt === null) return null
    let latest = takenAt
    for (const [inner, { parent }] of (this.plan.forks ?? []).entries()) {
      if (parent?.[0] !== fork || parent[1] !== took) continue
      const at = this.settledAt(inner)
      if (at === null) return null
      latest = Math.max(latest, at)
    }
    return latest
  }
}

/**
 * Moves messages that no interaction asked for to the end of the quiet hours, in their order and with the gaps that they have
 * among themselves. No later message overtakes them.
 */
function moveOutOfQuietHours(
  plan: Plan,
  state: RunState,
  steps: readonly StepState[],
  starts: readonly (number | null)[],
): StepState[] {
  const moved = [...steps]
  const spreadMs = spreadOf(plan, state)
  const group = { to: -Infinity, first: 0 }
  let last = -Infinity
  // Moved steps that are done still count, so that the others keep their gaps.
  const order = steps
    .flatMap((step, index) => {
      const at = starts[index] ?? null
      return at !== null && (isOpen(step) || step.quietSince !== undefined) ? [{ index, at }] : []
    })
    .filter(({ index }) => !sendsNothing(stepAt(plan, index)) && !stepAt(plan, index).anytime)
    .sort((a, b) => a.at - b.at || a.index - b.index)
  for (const { index, at } of order) {
    const step = stepAt(plan, index)
    const quiet = step.ifLate === 'hold' ? quietFor(plan, state, step, at) : null
    if (quiet && quiet.to !== group.to) Object.assign(group, { to: quiet.to, first: at })
    const dueAt = quiet ? quiet.to + spreadMs + (at - group.first) : Math.max(at, last)
    if (quiet) last = Math.max(last, dueAt)
    const before = moved[index]
    if (!before || !isOpen(before) || dueAt === at) continue
    const plannedAt = before.plannedAt ?? at
    moved[index] = { ...before, dueAt, plannedAt, ...(quiet ? { quietSince: quiet.from } : {}) }
  }
  return moved
}

function stepAt(plan: Plan, index: number): PlanStep {
  const step = plan.steps[index]
  if (!step) throw new Error(`Plan ${plan.campaign}@${plan.version} has no step ${index}`)
  return step
}
