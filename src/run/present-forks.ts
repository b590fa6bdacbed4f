import type { EventMatcher } from './event-matcher.ts'
import { deadlineOf, isLive } from './forks.ts'
import type { Plan } from './plan.ts'
import { branchOf, type PlanFork } from './plan-fork.ts'
import type { ForkState, RunState } from './state.ts'

/** A fork of a run for operators. Times are ISO 8601. */
export interface PresentedFork {
  id: string
  /** `closed`: it is not decided any more, because its branch was not taken or the run has ended. */
  state: ForkState['state']
  /** While it waits: the events that take each branch. */
  waitsFor: { branch: string; on: EventMatcher[] }[]
  /** While it waits: when `else` is taken; null while a pause or a human agent's session stops the time. */
  until: string | null
  /** The name of the branch, or `else`; null until it is decided. */
  took: string | null
  takenAt: string | null
  /** Why it took `else` without its conditions. */
  reason: string | null
}

/** The forks of a run, in the order of the file; empty when it has none. */
export function presentForks(plan: Pick<Plan, 'forks'>, state: RunState): PresentedFork[] {
  return (plan.forks ?? []).flatMap((planned, index) => {
    const fork = state.forks?.[index]
    return fork ? [presentFork(planned, fork, state, deadlineOf(plan, state, index))] : []
  })
}

function presentFork(
  planned: PlanFork,
  fork: ForkState,
  run: RunState,
  deadline: number | null,
): PresentedFork {
  const isOver = run.status === 'ended' && isLive(fork)
  const isWaiting = fork.state === 'waiting' && !isOver
  return {
    id: planned.id,
    state: isOver ? 'closed' : fork.state,
    waitsFor: isWaiting ? planned.branches.map(({ name, on = [] }) => ({ branch: name, on: [...on] })) : [],
    until: isWaiting ? iso(deadline) : null,
    took: fork.took === null ? null : branchOf(planned, fork.took).name,
    takenAt: iso(fork.takenAt),
    reason: fork.reason ?? null,
  }
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
