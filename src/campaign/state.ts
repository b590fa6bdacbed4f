import { cutText, storableText } from '../text.ts'
import { addGrant, type Ledger } from '../wechat/ledger.ts'
import { AGENT_SESSION_MS, isNewerWord, wordOfMessage } from './agent-session.ts'
import {
  type Entry,
  type Happened,
  type Interaction,
  isOlder,
  leavesPlan,
  type Mark,
  ourTime,
  type Plan,
} from './plan.ts'

/** What WeChat knows of the follower. */
export interface Facts {
  /** Names. */
  tags: readonly string[]
  /** '' without one. */
  qrScene: string
  /** `ADD_SCENE_…` */
  subscribeScene: string
  /** When the run learnt it, epoch ms of the follower's clock. */
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
  /** Planned time; null while it hangs on a reply that has not come. */
  dueAt: number | null
  sentAt: number | null
  reason: string | null
  errcode: number | null
  /** True once it came due and could not go: its release is then spaced. */
  wasHeld: boolean
}

/**
 * Everything that a run knows but whose it is: its workflow id says that, and no other part of a history does. Plain
 * data: it is the run's snapshot in the store and what query `state` shows.
 */
export interface RunState {
  campaign: string
  version: number
  entry: Entry
  /** Rises with every change, so that an older snapshot never overwrites a newer one. */
  seq: number
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
  /** A human agent has the session. */
  agent: boolean
  /** When the newest word on that was said; absent while only words without a time were (runs before 0.3). */
  agentMark?: Mark
  /** When an open session ends by itself, by our clock; absent: only by a word. */
  agentUntil?: number
  /** By WeChat's clock, as marks are; all other times are ours. */
  lastInteractionAt: number
  lastFollow: Mark | null
  /** When the last held step was released. */
  releasedAt: number | null
  /** Dedupe keys heard in this run, newest last, bounded. */
  seen: readonly string[]
  /** Signals that made no sense, newest last, for the details page. */
  oddities: readonly string[]
  /** Absent until a step asked for them. */
  facts?: Facts
  /** Why the run must end, once something said so. */
  stop: { outcome: Outcome; reason: string | null; mark: Mark | null } | null
}

const SEEN_MAX = 200
const ODDITIES_MAX = 5
/** Characters (code points). */
const REPLY_TEXT_MAX = 500

/** The state in which a run begins: pure, so that dispatcher and workflow agree on it. */
export function beginRun(plan: Plan, entry: Entry, ledger: Ledger): RunState {
  const state: RunState = {
    campaign: plan.campaign,
    version: plan.version,
    entry,
    seq: 0,
    status: 'active',
    outcome: null,
    reason: null,
    startedAt: ourTime(entry),
    endedAt: null,
    closesAt: ourTime(entry) + plan.windowMs,
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
    agent: false,
    lastInteractionAt: entry.at,
    lastFollow: entry.event === 'subscribe' ? { at: entry.at, seq: entry.seq } : null,
    releasedAt: null,
    seen: [],
    oddities: [],
    stop: null,
  }
  return schedule(plan, state)
}

/** Every change of a run's state goes through here: the sequence number rises. */
function change(state: RunState, patch: Partial<RunState>): RunState {
  return { ...state, ...patch, seq: state.seq + 1 }
}

/** Plans each step that can be planned by now: from the entry, the reply, or the planned time of the step before. */
function schedule(plan: Plan, state: RunState): RunState {
  const due: (number | null)[] = []
  for (const [i, step] of plan.steps.entries()) {
    const anchor =
      step.since === 'entry'
        ? ourTime(state.entry)
        : step.since === 'reply'
          ? (state.reply?.at ?? null)
          : i === 0
            ? ourTime(state.entry)
            : (due[i - 1] ?? null)
    due.push(anchor === null ? null : anchor + step.afterMs)
  }
  return { ...state, steps: state.steps.map((s, i) => ({ ...s, dueAt: due[i] ?? null })) }
}

/** A follow, message, click or scan reached the run. */
export function hearInteraction(plan: Plan, state: RunState, event: Interaction): RunState {
  if (state.seen.includes(event.key)) return state
  const patch: Partial<RunState> = { seen: [...state.seen, event.key].slice(-SEEN_MAX) }
  const isEntry = event.key === state.entry.key
  const older = !isEntry && isOlder(event, state.entry)
  if (event.scene === 'message') Object.assign(patch, agentEndedBy(state, event))
  if (older && state.entry.event === 'subscribe') return change(state, patch)

  patch.ledger = addGrant(state.ledger, event.scene, ourTime(event), event.allowance, event.at)
  if (!older) {
    patch.lastInteractionAt = Math.max(state.lastInteractionAt, event.at)
    patch.closesAt = Math.max(state.closesAt, ourTime(event) + plan.windowMs)
    if (event.scene === 'subscribe') patch.lastFollow = later(state.lastFollow, event)
    if (event.scene === 'message' && !isEntry && !state.reply) {
      patch.reply = {
        at: ourTime(event),
        text: event.text === null ? null : cutText(storableText(event.text), REPLY_TEXT_MAX),
      }
    }
    // Typed, or tapped on a menu message that offers to leave.
    if (event.text !== null && !isEntry && leavesPlan(plan, event.text)) {
      patch.stop = state.stop ?? { outcome: 'opted-out', reason: 'exit keyword', mark: null }
    }
  }
  const changed = change(state, patch)
  return patch.reply ? schedule(plan, changed) : changed
}

/** An unfollow reached the run. One older than the follow that counts changes nothing. */
export function hearUnsubscribed(state: RunState, event: Mark & { key: string }): RunState {
  if (state.seen.includes(event.key)) return state
  const seen = [...state.seen, event.key].slice(-SEEN_MAX)
  const since = later(state.lastFollow, state.entry)
  if (isOlder(event, since)) return change(state, { seen })
  const mark = { at: event.at, seq: event.seq }
  return change(state, { seen, ledger: [], stop: { outcome: 'unsubscribed', reason: null, mark } })
}

/** Something outside ends the run: an operator, a stopped account, a follower who refuses messages. */
export function hearStop(state: RunState, outcome: Outcome, reason: string | null): RunState {
  return state.stop ? state : change(state, { stop: { outcome, reason, mark: null } })
}

/** An operator paused or resumed this follower. After a resume, what came due meanwhile follows its `ifLate`. */
export function hearPause(state: RunState, paused: boolean): RunState {
  const status = paused ? 'paused' : 'active'
  return state.status === 'ended' || state.status === status ? state : change(state, { status })
}

/**
 * A human agent took the session over, or closed it.
 * @param when absent in signals of a dispatcher before 0.3: then the last that is heard counts, and nothing else ends it
 */
export function hearAgent(
  state: RunState,
  open: boolean,
  when?: Pick<Happened, 'at' | 'seq' | 'aheadMs'>,
): RunState {
  const { agentMark, agentUntil: _until, ...rest } = state
  if (!when) return state.agent === open ? state : change(rest, { agent: open })
  if (!isNewerWord(agentMark, when)) return state
  return change(rest, {
    agent: open,
    agentMark: { at: when.at, seq: when.seq },
    ...(open ? { agentUntil: ourTime(when) + AGENT_SESSION_MS } : {}),
  })
}

/** The session's time is over: nobody has said anything of it for too long. */
export function endAgentSession(state: RunState): RunState {
  return change(state, { agent: false })
}

/** A session of which nobody knows when it began (before 0.3) is not ended by a message: stored histories held on. */
function agentEndedBy(state: RunState, message: Mark): Partial<RunState> {
  const word = wordOfMessage(message)
  if ((state.agent && !state.agentMark) || !isNewerWord(state.agentMark, word)) return {}
  return { agent: false, agentMark: { at: word.at, seq: word.seq } }
}

/** A signal that could not be understood: kept for the operator, otherwise without effect. */
export function hearOddity(state: RunState, what: string): RunState {
  return change(state, { oddities: [...state.oddities, what].slice(-ODDITIES_MAX) })
}

/** The run's last change: open steps are skipped for the given reason. */
export function endRun(state: RunState, outcome: Outcome, reason: string | null, at: number): RunState {
  const steps = state.steps.map((s) =>
    isOpen(s) ? { ...s, state: 'skipped' as const, reason: s.dueAt === null ? 'no-reply' : outcome } : s,
  )
  return change(state, { status: 'ended', outcome, reason, endedAt: at, steps })
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
  return change(state, { ...more, steps })
}

function later(a: Mark | null, b: Mark): Mark {
  return a && isOlder(b, a) ? a : { at: b.at, seq: b.seq }
}
