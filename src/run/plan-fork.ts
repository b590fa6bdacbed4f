import type { Condition } from './condition.ts'
import type { EventMatcher } from './event-matcher.ts'

/**
 * The forks of a plan: places where a follower's way divides. A plan is a flat list of steps. Each fork refers to ranges of
 * that list: `steps[at … branches[0].from)` are sent while the fork waits, each branch has `steps[from … to)`, and
 * `steps[end]` is the first step below the fork.
 */

/** The time that a step or fork is counted from. A number is an index into the plan's steps or forks. */
export type Anchor =
  | 'entry'
  | 'reply'
  /** The planned time of the step before; of the first step, the entry. */
  | 'previous'
  /** The planned time of a step. */
  | { step: number }
  /** When a fork began to wait. */
  | { open: number }
  /** When a fork was decided. */
  | { taken: number }
  /** The planned time of the last item of the branch that a fork took; the decision when that branch is empty. */
  | { end: number }
  /** When a fork and all forks in the branch that it took were decided. */
  | { settled: number }
  /** The time that a fact names. Null until it is set; moves with it. */
  | { fact: string }

/** A local time of day, in the account's time zone. */
export interface Clock {
  /** Minutes since midnight. */
  at: number
  /** Days after the day of the anchor. Absent: the first such time at or after the anchor and its delay. */
  day?: number
  /** The days of the week that are allowed, 0 (Sunday) to 6. Another day moves the time on by whole days. */
  days?: readonly number[]
}

export interface Branch {
  name: string
  from: number
  to: number
  /** The anchor of the first item below the fork when this branch was taken. */
  last: Anchor
  /** The run ends below this branch. */
  ends?: true
  /** Kind `on`: the events that take this branch. */
  on?: readonly EventMatcher[]
  /** Kind `when`. */
  when?: Condition
  /** Kind `share`: the upper limit of this branch's hash values, in ten-thousandths. */
  upTo?: number
}

export interface PlanFork {
  id: string
  kind: 'on' | 'when' | 'share'
  at: number
  end: number
  /** The fork and branch that this fork is in; null at the top of the file. Branch -1 is `otherwise`. */
  parent: readonly [fork: number, branch: number] | null
  since: Anchor
  /** The fork is not decided before this. Absent: the anchor alone counts. */
  notBefore?: Anchor
  afterMs: number
  clock?: Clock
  /** How long an `on` fork waits; null for the other kinds. */
  waitMs: number | null
  branches: readonly Branch[]
  /** Taken when no branch is. */
  otherwise: Branch
}

/** The index of a fork's branch `otherwise`. */
export const OTHERWISE = -1

/** `otherwise` for every index that is none of the branches. */
export function branchOf(fork: PlanFork, branch: number): Branch {
  return fork.branches[branch] ?? fork.otherwise
}
