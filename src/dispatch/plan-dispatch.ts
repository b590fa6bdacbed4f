import { type AgentSessionChange, isNewerChange, sessionEndImpliedBy } from '../run/agent-session.ts'
import { hash32 } from '../run/hash.ts'
import {
  correctedTime,
  type Entry,
  type EventStamp,
  type Interaction,
  isExitText,
  isOlder,
  type Plan,
  type RunStart,
} from '../run/plan.ts'
import type { RunState } from '../run/state.ts'
import { isErasure } from '../store/inbox/inbox-event.ts'
import type { InboxRow } from '../store/inbox/inbox-rows.ts'
import type { FollowerPatch, FollowerRow } from '../store/runs/follower-rows.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import { addGrant, type Ledger, mergeLedgers } from '../wechat/rules/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../wechat/rules/rules.ts'

/** How often one follower may enter the same campaign. */
export type Reentry = 'always' | 'never' | { afterMs: number }

/** The part of a run that decides what the next event of its follower means. */
export type KnownRun = Pick<RunRow, 'runKey' | 'campaign' | 'status' | 'entry'> & {
  plan: Pick<Plan, 'exitKeywords'>
  state: Pick<RunState, 'seenEventKeys' | 'revision' | 'ledger'>
}

/** What is known about an event and its follower when the event is planned. */
export interface DispatchContext {
  row: InboxRow
  follower: FollowerRow | null
  /** The follower's runs, newest first. */
  runs: readonly KnownRun[]
  rules: RulesProfileName
  /** The campaign version that matched the event when it arrived; null when none did. */
  matched: { plan: Plan; reentry: Reentry } | null
  /** True for an exit keyword of any live campaign of the account. */
  isExitText: (text: string) => boolean
}

/** What an event means for its follower. `patch` is written to the follower's row after the action. */
export interface DispatchPlan {
  patch: FollowerPatch
  action:
    | { do: 'nothing'; result: 'ignored' | 'no-run' | 'already-done' }
    | { do: 'unsubscribe'; event: EventStamp & { key: string } }
    | { do: 'agent'; change: AgentSessionChange }
    /** Erase all data of the follower. */
    | { do: 'erase' }
    /** Signal the active run. `event.start` describes the run to start when Temporal has no open run. */
    | { do: 'interact'; event: Interaction; ledger: Ledger; agent: AgentSessionChange | null }
    /** Start a run: none is active. */
    | { do: 'start'; event: Interaction; ledger: Ledger; agent: AgentSessionChange | null }
}

/**
 * Plans what one event means for its follower. A pure function. Events are ordered by `CreateTime`, then by arrival. An event
 * older than the last unfollow, or than the follow that began the last run, does not reach a run. If it is a follow, the
 * follower's row may still record it. Source of the rules: docs/contract.md#3-callbacks.
 */
export function planDispatch(context: DispatchContext): DispatchPlan {
  const { row, follower } = context
  const stamp: EventStamp = { at: row.createTime, seq: row.id }
  if (row.kind === 'unsubscribe') return planUnsubscribe(context, stamp)
  if (isErasure(row.kind)) return { patch: {}, action: { do: 'erase' } }
  if (AGENT_SESSION_KINDS.has(row.kind)) return planAgentSession(context, stamp)
  const scene = row.event?.scene ?? null
  const unfollowed = stampOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  const lastEntry = context.runs[0]?.entry
  const beforeFollow = lastEntry?.event === 'subscribe' && isOlder(stamp, lastEntry)
  if (!scene || beforeFollow || (unfollowed && isOlder(stamp, unfollowed))) {
    return {
      patch: scene === 'subscribe' ? followPatch(context, stamp) : {},
      action: { do: 'nothing', result: 'ignored' },
    }
  }
  return planInteraction(context, stamp, scene)
}

/** Event kinds of a session with a human agent → whether the session is open after the event. */
export const AGENT_SESSION_KINDS: ReadonlyMap<string, boolean> = new Map([
  ['kf_create_session', true],
  ['kf_switch_session', true],
  ['kf_close_session', false],
])

/** Late and repeated changes of a session change nothing. */
function planAgentSession(context: DispatchContext, stamp: EventStamp): DispatchPlan {
  const { row, follower } = context
  const change = { open: AGENT_SESSION_KINDS.get(row.kind) === true, ...stamp, ...clockOffsetOf(row) }
  const patch = agentSessionPatch(follower, change)
  // A retry of an event whose patch was saved must still reach the run, which applies no event twice.
  const isRetry = row.attempts > 1 && follower?.agentAt === stamp.at && follower.agentSeq === stamp.seq
  if (!patch && !isRetry) return { patch: {}, action: { do: 'nothing', result: 'ignored' } }
  return {
    patch: patch ?? {},
    action: activeRun(context) ? { do: 'agent', change } : { do: 'nothing', result: 'no-run' },
  }
}

/** The change of the follower's row for a session change; null when a newer session change is known. */
function agentSessionPatch(
  follower: FollowerRow | null,
  { open, at, seq }: AgentSessionChange,
): FollowerPatch | null {
  const known = stampOf(follower?.agentAt, follower?.agentSeq)
  return isNewerChange(known, { at, seq }) ? { agent: open, agentAt: at, agentSeq: seq } : null
}

/** The open session with a human agent, after the changes of this event; null when there is none. */
function currentAgentSession(follower: FollowerRow | null, patch: FollowerPatch): AgentSessionChange | null {
  const { agent, agentAt, agentSeq } = { ...follower, ...patch }
  const changed = stampOf(agentAt, agentSeq)
  return agent && changed ? { open: true, ...changed } : null
}

function planUnsubscribe({ row, follower, runs }: DispatchContext, stamp: EventStamp): DispatchPlan {
  const followed = stampOf(follower?.followedAt, follower?.followedSeq)
  const unfollowed = stampOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  if ([followed, unfollowed].some((known) => known && isOlder(stamp, known)))
    return { patch: {}, action: { do: 'nothing', result: 'ignored' } }
  const patch = {
    unfollowedAt: stamp.at,
    unfollowedSeq: stamp.seq,
    grants: [],
    agent: false,
    agentAt: stamp.at,
    agentSeq: stamp.seq,
    paused: false,
  }
  const action = { do: 'unsubscribe', event: { ...stamp, key: row.dedupeKey } } as const
  return { patch, action: runs.length > 0 ? action : { do: 'nothing', result: 'no-run' } }
}

function planInteraction(context: DispatchContext, stamp: EventStamp, scene: Scene): DispatchPlan {
  const { row, follower } = context
  const text = row.event?.text ?? null
  const allowance = allowanceOf(context.rules, scene)
  const when = { ...stamp, ...clockOffsetOf(row) }
  const grants = addGrant(follower?.grants ?? [], scene, correctedTime(when), allowance, stamp.at)
  const patch: FollowerPatch = {
    grants,
    lastInteractionAt: Math.max(follower?.lastInteractionAt ?? 0, correctedTime(when)),
    ...(scene === 'subscribe' ? followPatch(context, stamp) : {}),
    ...(scene === 'message' ? agentSessionPatch(follower, sessionEndImpliedBy(stamp)) : {}),
  }
  const agent = currentAgentSession(follower, patch)
  const newest = activeRun(context)
  // A retry of the entry of a run starts that run: whether the first attempt did is not known yet.
  const run = newest?.runKey === row.dedupeKey ? null : newest
  const isExit = text !== null && (run ? isExitText(run.plan, text) : context.isExitText(text))
  if (isExit) patch.optedOutAt = Math.max(follower?.optedOutAt ?? 0, stamp.at)

  const optedOut = 'optedOutAt' in patch ? patch.optedOutAt : follower?.optedOutAt
  const entry = context.matched && !isExit && optedOut == null ? toEntry(row, stamp) : null
  const mayEnter = entry && context.matched && reentryAllows(context, context.matched, stamp)
  const start = mayEnter && entry && context.matched ? startOf(row, entry, context.matched.plan) : undefined
  const event: Interaction = {
    ...when,
    key: row.dedupeKey,
    scene,
    allowance,
    text,
    ...(row.event?.eventKey == null ? {} : { eventKey: row.event.eventKey }),
    ...(row.event?.qrScene == null ? {} : { qrScene: row.event.qrScene }),
    ...(start ? { start } : {}),
  }
  const ledger = carriedLedger(context, grants, correctedTime(when))
  if (row.attempts > 1 && context.runs.some((r) => hasApplied(r, row.dedupeKey))) {
    return { patch, action: { do: 'nothing', result: 'already-done' } }
  }
  if (run) return { patch, action: { do: 'interact', event, ledger, agent } }
  if (start) return { patch, action: { do: 'start', event, ledger, agent } }
  return { patch, action: { do: 'nothing', result: 'no-run' } }
}

/** A seed is needed for shares and for the spread of local times only. */
function startOf({ appId, openId }: InboxRow, entry: Entry, plan: Plan): RunStart {
  const isRandom = plan.spreadMs !== undefined || plan.forks?.some(({ kind }) => kind === 'share')
  return { entry, plan, ...(isRandom ? { seed: hash32(appId, openId, plan.campaign) } : {}) }
}

/** The changes that a follow makes to the follower's row. A follow clears an earlier opt-out. */
function followPatch({ follower }: DispatchContext, stamp: EventStamp): FollowerPatch {
  const known = stampOf(follower?.followedAt, follower?.followedSeq)
  if (known && isOlder(stamp, known)) return {}
  const cleared = follower?.optedOutAt != null && follower.optedOutAt < stamp.at ? { optedOutAt: null } : {}
  return { followedAt: stamp.at, followedSeq: stamp.seq, ...cleared }
}

/** The run that receives the follower's events: the newest, unless it has ended or the follower unfollowed after its entry. */
function activeRun({ follower, runs }: DispatchContext): KnownRun | null {
  const [newest] = runs
  if (!newest || newest.status === 'ended') return null
  const unfollowed = stampOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  return unfollowed && isOlder(newest.entry, unfollowed) ? null : newest
}

/** True when the run's snapshot says that the run has applied this event. */
function hasApplied(run: KnownRun, key: string): boolean {
  return run.state.seenEventKeys.includes(key) || (run.runKey === key && run.state.revision > 0)
}

function reentryAllows(
  context: DispatchContext,
  matched: { plan: Plan; reentry: Reentry },
  stamp: EventStamp,
): boolean {
  if (matched.reentry === 'always') return true
  if (isNewToAccount(context.follower)) return true
  const before = context.runs.find(
    (r) => r.campaign === matched.plan.campaign && r.runKey !== context.row.dedupeKey,
  )
  if (!before) return true
  return matched.reentry !== 'never' && stamp.at - before.entry.at >= matched.reentry.afterMs
}

/**
 * True when the store has nothing about the follower except old runs. The account was then removed and added again, and each
 * follower counts as new.
 */
function isNewToAccount(follower: FollowerRow | null): boolean {
  const { followedAt, unfollowedAt, lastInteractionAt } = follower ?? {}
  return [followedAt, unfollowedAt, lastInteractionAt].every((at) => at == null)
}

function toEntry(row: InboxRow, stamp: EventStamp): Entry | null {
  const { event } = row
  if (!event?.start) return null
  return {
    ...stamp,
    ...clockOffsetOf(row),
    key: row.dedupeKey,
    event: event.start.event,
    qrScene: event.qrScene,
    eventKey: event.eventKey,
    text: event.text,
  }
}

/** The valid grants that a new run takes over, with the uses that the last run counted. Grants belong to the follower. */
function carriedLedger({ follower, runs }: DispatchContext, grants: Ledger, at: number): Ledger {
  const unfollowed = stampOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  const [last] = runs
  const counted = last && !(unfollowed && isOlder(last.entry, unfollowed)) ? last.state.ledger : []
  return mergeLedgers(counted, grants).filter((g) => g.expiresAt > at)
}

/** How far this machine's clock was ahead of WeChat's when the event arrived. */
function clockOffsetOf({ event }: InboxRow): { aheadMs?: number } {
  return event?.aheadMs ? { aheadMs: event.aheadMs } : {}
}

function stampOf(at: number | null | undefined, seq: number | null | undefined): EventStamp | null {
  return at == null ? null : { at, seq: seq ?? 0 }
}
