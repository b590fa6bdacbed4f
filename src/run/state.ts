import type { Ledger } from '../wechat/rules/ledger.ts'
import type { AgentSessionChange } from './agent-session.ts'
import type { FollowerAttributes } from './condition.ts'
import type { RunEvent } from './event-matcher.ts'
import type { ReachedGoal } from './goal.ts'
import type { Outcome } from './outcome.ts'
import type { Entry, EventStamp, KnownAtStart } from './plan.ts'

type StepStateName = 'pending' | 'held' | 'sending' | 'sent' | 'skipped' | 'unknown'

export interface StepState {
  id: string
  state: StepStateName
  /** Planned time, epoch ms; null while it waits for a reply. */
  dueAt: number | null
  /** The planned time before forks and quiet hours moved it, epoch ms. Absent when it is `dueAt`. */
  plannedAt?: number
  /** When the quiet hours begin that moved `dueAt`, epoch ms. Absent when none did. */
  quietSince?: number
  sentAt: number | null
  reason: string | null
  errcode: number | null
  /** True once the step was due and could not be sent. Its release then keeps `spacing`. */
  wasHeld: boolean
}

export interface ForkState {
  /** `asking`: its conditions need the follower's attributes. `closed`: in a branch that was not taken. */
  state: 'pending' | 'waiting' | 'asking' | 'taken' | 'closed'
  /** The branch, -1 for `otherwise`; null until it is decided. */
  took: number | null
  /** When it was reached, epoch ms; later by the time that its wait was stopped. */
  openedAt: number | null
  takenAt: number | null
  /** While it waits: answers are events from this time on, epoch ms. */
  from?: number
  /** Why it took `otherwise` without its conditions. */
  reason?: string
}

/**
 * The whole state of a run, without its follower: only the workflow id names the follower. It is plain data, stored as the
 * run's snapshot and the source of query `state`. Times are epoch ms by this machine's clock unless noted.
 */
export interface RunState extends KnownAtStart {
  campaign: string
  version: number
  entry: Entry
  /** Rises with every change, so that an older snapshot never overwrites a newer one. */
  revision: number
  status: 'active' | 'paused' | 'ended'
  outcome: Outcome | null
  reason: string | null
  startedAt: number
  endedAt: number | null
  closesAt: number
  ledger: Ledger
  steps: readonly StepState[]
  /** The run's first message after its entry. */
  reply: { at: number; text: string | null } | null
  /** The newest change of a human agent's session; null while none is known. */
  agentSession: AgentSessionChange | null
  /** By WeChat's clock, like every `EventStamp`. */
  lastInteractionAt: number
  lastFollow: EventStamp | null
  /** Until when the account's cap holds unasked messages, epoch ms; absent: not known to. */
  cappedUntil?: number
  /** When the last held step was released. */
  releasedAt: number | null
  /** Dedupe keys of the events applied in this run, newest last, at most 200. */
  seenEventKeys: readonly string[]
  /** Ignored signals and other notes for operators, newest last. */
  warnings: readonly string[]
  /** In the order of the plan's forks; absent when the plan has none. */
  forks?: readonly ForkState[]
  /** When the last step was done, and from when on a message may answer the next fork. Epoch ms; absent: the entry. */
  lastDoneAt?: number
  answersFrom?: number
  /** Events since then that may answer a fork that does not wait yet, oldest first. */
  recentEvents?: readonly RunEvent[]
  /** The text of the message that decided the last wait. */
  answer?: string
  /** Since when a pause or a human agent's session has stopped the time of waits, epoch ms; absent: it goes on. */
  haltedAt?: number
  /** The goal, once it was reached while the run went on. The store has the one that counts. */
  goal?: ReachedGoal
  /** Absent until a step has needed them. */
  attributes?: FollowerAttributes
  /** Why the run must end; null while it goes on. */
  stop: { outcome: Outcome; reason: string | null; stamp: EventStamp | null } | null
}

const WARNINGS_MAX = 5

/**
 * Changes a run's state and raises its revision. Every change in this folder uses it. Other code replaces only `steps`, in a
 * state that `endRun` has just returned or that a new execution starts from.
 */
export function update(state: RunState, patch: Partial<RunState>): RunState {
  return { ...state, ...patch, revision: state.revision + 1 }
}

/** Ends the run from outside: an operator, a stopped account, a follower who refuses messages. The first reason counts. */
export function requestStop(state: RunState, outcome: Outcome, reason: string | null): RunState {
  return state.stop ? state : update(state, { stop: { outcome, reason, stamp: null } })
}

/** Adds a note for operators, about an ignored signal for example. It has no other effect. */
export function addWarning(state: RunState, text: string): RunState {
  return update(state, { warnings: [...state.warnings, text].slice(-WARNINGS_MAX) })
}

/** Ends the run. Open steps are skipped, with the outcome as their reason. */
export function endRun(state: RunState, outcome: Outcome, reason: string | null, at: number): RunState {
  const steps = state.steps.map((s) =>
    isOpen(s)
      ? { ...s, state: 'skipped' as const, reason: waitsForReply(state, s) ? 'no-reply' : outcome }
      : s,
  )
  return update(state, { status: 'ended', outcome, reason, endedAt: at, steps })
}

/** In a plan without forks, a step without a planned time waits for the reply. */
function waitsForReply(state: RunState, step: StepState): boolean {
  return step.dueAt === null && !state.forks
}

/** A step whose end is not known. A step that is being sent is open: WeChat may have it already. */
export function isOpen(step: StepState): boolean {
  return step.state === 'pending' || step.state === 'held' || step.state === 'sending'
}

/** Replaces one step's fields. */
export function changeStep(
  state: RunState,
  index: number,
  patch: Partial<StepState>,
  more: Partial<RunState> = {},
): RunState {
  const steps = state.steps.map((s, i) => (i === index ? { ...s, ...patch } : s))
  return update(state, { ...more, steps })
}

/** Records in a run with forks when a step was done. */
export function doneAt(state: RunState, at: number): Partial<RunState> {
  return state.forks ? { lastDoneAt: Math.max(state.lastDoneAt ?? at, at) } : {}
}
