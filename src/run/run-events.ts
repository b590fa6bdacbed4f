import { storableText, truncateText } from '../shared/text.ts'
import { addGrant, type Ledger } from '../wechat/rules/ledger.ts'
import {
  type AgentSessionChange,
  agentSessionEnd,
  isNewerChange,
  sessionEndImpliedBy,
} from './agent-session.ts'
import { applyTagChanges } from './attributes.ts'
import type { RunEvent } from './event-matcher.ts'
import { answerFork, haltWaits, settle } from './forks.ts'
import { goalValue, reachesGoal } from './goal.ts'
import { eventOfInteraction } from './interaction-event.ts'
import {
  correctedTime,
  type Entry,
  type EventStamp,
  type Interaction,
  isExitText,
  isOlder,
  type KnownAtStart,
  type Plan,
  sendsNothing,
  type Told,
} from './plan.ts'
import { schedule } from './schedule.ts'
import { type ForkState, type RunState, requestStop, update } from './state.ts'

/** What begins a run, and what happens to it from outside. */

const SEEN_KEYS_MAX = 200
/** Code points. */
const REPLY_TEXT_MAX = 500

const PENDING: ForkState = { state: 'pending', took: null, openedAt: null, takenAt: null }

/** The state in which a run starts. The dispatcher and the workflow both use it, so that they agree. */
export function beginRun(plan: Plan, entry: Entry, ledger: Ledger, known: KnownAtStart = {}): RunState {
  const { seed, own, history } = known

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
    closesAt: closingTime(plan, entry, ledger),
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
    ...(plan.forks ? { forks: plan.forks.map(() => PENDING) } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(own ? { own } : {}),
    ...(history ? { history } : {}),
  }
  return schedule(plan, state)
}

/** A run that begins because the window closes has what is left of the grant. */
function closingTime(plan: Plan, entry: Entry, ledger: Ledger): number {
  const ends = entry.event === 'window-closing' ? ledger.map((grant) => grant.expiresAt) : []
  return ends.length > 0 ? Math.max(...ends) : correctedTime(entry) + plan.windowMs
}

/** Applies a follow, message, click or scan. */
export function applyInteraction(plan: Plan, state: RunState, event: Interaction): RunState {
  if (state.seenEventKeys.includes(event.key)) return state
  const at = correctedTime(event)
  const isEntry = event.key === state.entry.key
  // What was over by the time of the event is over.
  const before = isEntry ? state : settle(plan, state, at)
  const older = !isEntry && isOlder(event, state.entry)
  const patch: Partial<RunState> = { seenEventKeys: seenKeys(before, event.key) }
  if (event.scene === 'message') {
    const end = sessionEndImpliedBy(event)
    if (isNewerChange(before.agentSession, end)) patch.agentSession = end
  }
  if (older && before.entry.event === 'subscribe') return haltWaits(plan, before, update(before, patch), at)

  patch.ledger = addGrant(before.ledger, event.scene, at, event.allowance, event.at)
  if (!older) {
    patch.lastInteractionAt = Math.max(before.lastInteractionAt, event.at)
    // The entry before a window closes is no interaction, and opens none.
    if (!isEntry || state.entry.event !== 'window-closing')
      patch.closesAt = Math.max(before.closesAt, at + plan.windowMs)
    if (event.scene === 'subscribe') patch.lastFollow = laterStamp(before.lastFollow, event)
    if (event.scene === 'message' && !isEntry && !before.reply) patch.reply = { at, text: textOf(event) }
    // The text was typed, or tapped on a menu message.
    if (event.text !== null && !isEntry && (event.optsOut || isExitText(plan, event.text))) {
      patch.stop = before.stop ?? { outcome: 'opted-out', reason: 'exit keyword', stamp: null }
    }
  }
  let next = haltWaits(plan, before, update(before, patch), at)
  const happened = eventOfInteraction({ ...event, text: textOf(event) }, at)
  // While a human agent has the session, messages and taps are for the agent.
  if (happened && !older && !isEntry) next = applyEvent(plan, next, happened, !next.agentSession?.open)
  if (patch.reply || plan.quiet) next = schedule(plan, next)
  return settle(plan, next, at)
}

/** Applies facts, tags or the click of a link. News that is older than the entry changes facts only. */
export function applyTold(plan: Plan, state: RunState, told: Told): RunState {
  if (state.seenEventKeys.includes(told.key)) return state
  const at = correctedTime(told)
  const before = settle(plan, state, at)
  let next = update(before, { seenEventKeys: seenKeys(before, told.key) })
  if ('facts' in told) next = schedule(plan, { ...next, own: { ...next.own, ...told.facts } })
  const { attributes } = next
  if ('tags' in told && attributes)
    next = {
      ...next,
      attributes: { ...attributes, tags: applyTagChanges(attributes.tags, { tag: told.tags }) },
    }
  if (!isOlder(told, next.entry)) next = applyEvent(plan, next, eventOfTold(told, at), true)
  return settle(plan, next, at)
}

function eventOfTold(told: Told, at: number): RunEvent {
  if ('facts' in told) return { event: 'fact', at, changed: Object.keys(told.facts) }
  return 'tags' in told ? { event: 'tag', at, tags: told.tags } : { event: 'link', at, link: told.link }
}

/** The exit comes before the goal, and the goal before the waits: an event that ends the run takes no branch. */
function applyEvent(plan: Plan, state: RunState, event: RunEvent, mayAnswer: boolean): RunState {
  if (state.stop) return state
  const after = applyToGoal(plan, state, event)
  return mayAnswer && !after.stop ? answerFork(plan, after, event) : after
}

/** Ends the run for the start of another campaign, unless the event is the goal that ends it. The new run applies the event. */
export function replaceRun(plan: Plan, state: RunState, event: Interaction, campaign: string): RunState {
  const at = correctedTime(event)
  const happened = eventOfInteraction({ ...event, text: textOf(event) }, at)
  const after = happened ? applyToGoal(plan, state, happened) : state
  return requestStop(after, 'cancelled', `replaced by ${campaign}`)
}

/** The first event that fits counts. */
function applyToGoal(plan: Plan, state: RunState, event: RunEvent): RunState {
  const { goal } = plan
  const facts = state.own ?? {}
  if (!goal || state.goal || !reachesGoal(goal, event, facts)) return state
  const reached = { at: event.at, value: goalValue(goal, facts), step: lastSentBefore(plan, state, event.at) }
  return update(state, {
    goal: reached,
    ...(goal.ends ? { stop: { outcome: 'goal-reached', reason: null, stamp: null } } : {}),
  })
}

function lastSentBefore(plan: Plan, { steps }: RunState, at: number): string | null {
  let last: { id: string; sentAt: number } | null = null
  for (const [i, { id, state, sentAt }] of steps.entries()) {
    const planned = plan.steps[i]
    if (state !== 'sent' || sentAt === null || sentAt > at || !planned || sendsNothing(planned)) continue
    if (!last || sentAt >= last.sentAt) last = { id, sentAt }
  }
  return last?.id ?? null
}

function seenKeys(state: RunState, key: string): string[] {
  return [...state.seenEventKeys, key].slice(-SEEN_KEYS_MAX)
}

function textOf({ text }: Interaction): string | null {
  return text === null ? null : truncateText(storableText(text), REPLY_TEXT_MAX)
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

/**
 * Pauses or resumes the run. After a resume, steps that came due meanwhile follow their `ifLate`. The time of an open wait
 * stops during the pause.
 * @param at epoch ms by this machine's clock
 */
export function setPaused(plan: Plan, state: RunState, paused: boolean, at: number): RunState {
  const status = paused ? 'paused' : 'active'
  if (state.status === 'ended' || state.status === status) return state
  return haltWaits(plan, state, update(state, { status }), at)
}

/** Applies a change of a human agent's session. A change older than the known one has no effect. */
export function applyAgentSession(plan: Plan, state: RunState, change: AgentSessionChange): RunState {
  if (!isNewerChange(state.agentSession, change)) return state
  const { open, at, seq, aheadMs } = change
  const session = { open, at, seq, ...(aheadMs === undefined ? {} : { aheadMs }) }
  return haltWaits(plan, state, update(state, { agentSession: session }), correctedTime(change))
}

/** Closes an agent's session that expired: WeChat no longer pushes messages to the agent. */
export function expireAgentSession(plan: Plan, state: RunState): RunState {
  const end = agentSessionEnd(state.agentSession)
  if (!state.agentSession || end === null) return state
  return haltWaits(plan, state, update(state, { agentSession: { ...state.agentSession, open: false } }), end)
}

function laterStamp(a: EventStamp | null, b: EventStamp): EventStamp {
  return a && isOlder(b, a) ? a : { at: b.at, seq: b.seq }
}
