import { storableText, truncateText } from '../shared/text.ts'
import { addGrant, type Ledger } from '../wechat/rules/ledger.ts'
import { type AgentSessionChange, isNewerChange, sessionEndImpliedBy } from './agent-session.ts'
import {
  correctedTime,
  type Entry,
  type EventStamp,
  type Interaction,
  isExitText,
  isOlder,
  type Plan,
} from './plan.ts'

/** The follower's attributes at WeChat. */
export interface FollowerAttributes {
  /** Tag names. */
  tags: readonly string[]
  /** Empty when the follower came without a QR code. */
  qrScene: string
  /** `ADD_SCENE_…` */
  subscribeScene: string
  /** When the run received them, epoch ms by the follower's clock. */
  at: number
}

/** How a run ended. Never an exception. */
export type Outcome =
  | 'completed'
  | 'unsubscribed'
  | 'window-closed'
  | 'cancelled'
  | 'goal-reached'
  | 'opted-out'
  | 'account-stopped'
  | 'terminated'

type StepStateName = 'pending' | 'held' | 'sending' | 'sent' | 'skipped' | 'unknown'

export interface StepState {
  id: string
  state: StepStateName
  /** Planned time, epoch ms; null while it waits for a reply. */
  dueAt: number | null
  sentAt: number | null
  reason: string | null
  errcode: number | null
  /** True once the step was due and could not be sent. Its release then keeps `spacing`. */
  wasHeld: boolean
}

/**
 * The whole state of a run, without its follower: only the workflow id names the follower. It is plain data, stored as the
 * run's snapshot and the source of query `state`. Times are epoch ms by this machine's clock unless noted.
 */
export interface RunState {
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
  /** When the last held step was released. */
  releasedAt: number | null
  /** Dedupe keys of the events applied in this run, newest last, at most 200. */
  seenEventKeys: readonly string[]
  /** Ignored signals and other notes for operators, newest last. */
  warnings: readonly string[]
  /** Absent until a step has needed them. */
  attributes?: FollowerAttributes
  /** Why the run must end; null while it goes on. */
  stop: { outcome: Outcome; reason: string | null; stamp: EventStamp | null } | null
}

const SEEN_KEYS_MAX = 200
const WARNINGS_MAX = 5
/** Code points. */
const REPLY_TEXT_MAX = 500

/** The state in which a run starts. The dispatcher and the workflow both use it, so that they agree. */
export function beginRun(plan: Plan, entry: Entry, ledger: Ledger): RunState {
  const state: RunState = {
    campaign: plan.campaign,
    version: plan.version,
    entry,
    revision: 0,
    status: 'active',
    outcome: null,
    reason: null,
    startedAt: correctedTime(entry),
    endedAt: null,
    closesAt: correctedTime(entry) + plan.windowMs,
    ledger,
    steps: plan.steps.map((s) => ({
      id: s.id,
      state: 'pending',
      dueAt: null,
      sentAt: null,
      reason: null,
      errcode: null,
      wasHeld: false,
    })),
    reply: null,
    agentSession: null,
    lastInteractionAt: entry.at,
    lastFollow: entry.event === 'subscribe' ? { at: entry.at, seq: entry.seq } : null,
    releasedAt: null,
    seenEventKeys: [],
    warnings: [],
    stop: null,
  }
  return schedule(plan, state)
}

/**
 * Changes a run's state and raises its revision. Every change in this folder uses it. Other code replaces only `steps`, in a
 * state that `endRun` has just returned or that a new execution starts from.
 */
function update(state: RunState, patch: Partial<RunState>): RunState {
  return { ...state, ...patch, revision: state.revision + 1 }
}

/** Sets the planned time of each step, counted from the entry, the reply, or the planned time of the step before. */
function schedule(plan: Plan, state: RunState): RunState {
  const due: (number | null)[] = []
  for (const [i, step] of plan.steps.entries()) {
    const anchor =
      step.since === 'entry'
        ? correctedTime(state.entry)
        : step.since === 'reply'
          ? (state.reply?.at ?? null)
          : i === 0
            ? correctedTime(state.entry)
            : (due[i - 1] ?? null)
    due.push(anchor === null ? null : anchor + step.afterMs)
  }
  return { ...state, steps: state.steps.map((s, i) => ({ ...s, dueAt: due[i] ?? null })) }
}

/** Applies a follow, message, click or scan. */
export function applyInteraction(plan: Plan, state: RunState, event: Interaction): RunState {
  if (state.seenEventKeys.includes(event.key)) return state
  const patch: Partial<RunState> = {
    seenEventKeys: [...state.seenEventKeys, event.key].slice(-SEEN_KEYS_MAX),
  }
  const isEntry = event.key === state.entry.key
  const older = !isEntry && isOlder(event, state.entry)
  if (event.scene === 'message') {
    const end = sessionEndImpliedBy(event)
    if (isNewerChange(state.agentSession, end)) patch.agentSession = end
  }
  if (older && state.entry.event === 'subscribe') return update(state, patch)

  patch.ledger = addGrant(state.ledger, event.scene, correctedTime(event), event.allowance, event.at)
  if (!older) {
    patch.lastInteractionAt = Math.max(state.lastInteractionAt, event.at)
    patch.closesAt = Math.max(state.closesAt, correctedTime(event) + plan.windowMs)
    if (event.scene === 'subscribe') patch.lastFollow = laterStamp(state.lastFollow, event)
    if (event.scene === 'message' && !isEntry && !state.reply) {
      patch.reply = {
        at: correctedTime(event),
        text: event.text === null ? null : truncateText(storableText(event.text), REPLY_TEXT_MAX),
      }
    }
    // The text was typed, or tapped on a menu message.
    if (event.text !== null && !isEntry && isExitText(plan, event.text)) {
      patch.stop = state.stop ?? { outcome: 'opted-out', reason: 'exit keyword', stamp: null }
    }
  }
  const next = update(state, patch)
  return patch.reply ? schedule(plan, next) : next
}

/** Applies an unfollow. An unfollow older than the last follow or the entry has no effect. */
export function applyUnsubscribe(state: RunState, event: EventStamp & { key: string }): RunState {
  if (state.seenEventKeys.includes(event.key)) return state
  const seen = [...state.seenEventKeys, event.key].slice(-SEEN_KEYS_MAX)
  const lastEntry = laterStamp(state.lastFollow, state.entry)
  if (isOlder(event, lastEntry)) return update(state, { seenEventKeys: seen })
  const stamp = { at: event.at, seq: event.seq }
  return update(state, {
    seenEventKeys: seen,
    ledger: [],
    stop: { outcome: 'unsubscribed', reason: null, stamp },
  })
}

/** Ends the run from outside: an operator, a stopped account, a follower who refuses messages. The first reason counts. */
export function requestStop(state: RunState, outcome: Outcome, reason: string | null): RunState {
  return state.stop ? state : update(state, { stop: { outcome, reason, stamp: null } })
}

/** Pauses or resumes the run. After a resume, steps that came due meanwhile follow their `ifLate`. */
export function setPaused(state: RunState, paused: boolean): RunState {
  const status = paused ? 'paused' : 'active'
  return state.status === 'ended' || state.status === status ? state : update(state, { status })
}

/** Applies a change of a human agent's session. A change older than the known one has no effect. */
export function applyAgentSession(state: RunState, change: AgentSessionChange): RunState {
  if (!isNewerChange(state.agentSession, change)) return state
  const { open, at, seq, aheadMs } = change
  const session = { open, at, seq, ...(aheadMs === undefined ? {} : { aheadMs }) }
  return update(state, { agentSession: session })
}

/** Closes an agent's session that expired: WeChat no longer pushes messages to the agent. */
export function expireAgentSession(state: RunState): RunState {
  return state.agentSession ? update(state, { agentSession: { ...state.agentSession, open: false } }) : state
}

/** Adds a note for operators, about an ignored signal for example. It has no other effect. */
export function addWarning(state: RunState, text: string): RunState {
  return update(state, { warnings: [...state.warnings, text].slice(-WARNINGS_MAX) })
}

/** Ends the run. Open steps are skipped, with the outcome as their reason. */
export function endRun(state: RunState, outcome: Outcome, reason: string | null, at: number): RunState {
  const steps = state.steps.map((s) =>
    isOpen(s) ? { ...s, state: 'skipped' as const, reason: s.dueAt === null ? 'no-reply' : outcome } : s,
  )
  return update(state, { status: 'ended', outcome, reason, endedAt: at, steps })
}

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

function laterStamp(a: EventStamp | null, b: EventStamp): EventStamp {
  return a && isOlder(b, a) ? a : { at: b.at, seq: b.seq }
}
