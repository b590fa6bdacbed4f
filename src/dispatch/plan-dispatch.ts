import { type AgentSessionChange, isNewerChange, sessionEndImpliedBy } from '../run/agent-session.ts'
import { correctedTime, type EventStamp, type Interaction, isExitText, isOlder } from '../run/plan.ts'
import { isErasure } from '../store/inbox/inbox-event.ts'
import type { FollowerPatch, FollowerRow } from '../store/runs/follower-rows.ts'
import type { GoalHit } from '../store/runs/goals.ts'
import { addGrant } from '../wechat/rules/ledger.ts'
import { allowanceOf, type Scene } from '../wechat/rules/rules.ts'
import {
  activeRun,
  carriedLedger,
  clockOffsetOf,
  currentAgentSession,
  type DispatchContext,
  type DispatchPlan,
  endOfMessages,
  hasApplied,
  type KnownRun,
  reentryAllows,
  replacedRun,
  stampOf,
  startOf,
  toEntry,
} from './dispatch-context.ts'
import { goalsOfInteraction, goalsOfRequest } from './plan-goals.ts'
import { planRequest } from './plan-request.ts'

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
  const request = row.event?.request
  if (request) return withGoals(planRequest(context, request, stamp), goalsOfRequest(context, stamp, request))
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

function withGoals(plan: DispatchPlan, goals: readonly GoalHit[]): DispatchPlan {
  return goals.length > 0 ? { ...plan, goals } : plan
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

function planUnsubscribe({ row, follower, runs }: DispatchContext, stamp: EventStamp): DispatchPlan {
  const followed = stampOf(follower?.followedAt, follower?.followedSeq)
  const unfollowed = stampOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  if ([followed, unfollowed].some((known) => known && isOlder(stamp, known)))
    return { patch: {}, action: { do: 'nothing', result: 'ignored' } }
  const patch = {
    unfollowedAt: stamp.at,
    unfollowedSeq: stamp.seq,
    grants: [],
    messageGrantEndsAt: null,
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
    ...(scene === 'message' ? { messageGrantEndsAt: endOfMessages(grants) } : {}),
    lastInteractionAt: Math.max(follower?.lastInteractionAt ?? 0, correctedTime(when)),
    ...(scene === 'subscribe' ? followPatch(context, stamp) : {}),
    ...(scene === 'message' ? agentSessionPatch(follower, sessionEndImpliedBy(stamp)) : {}),
  }
  const agent = currentAgentSession(follower, patch)
  const newest = activeRun(context)
  // A retry of the entry of a run starts that run: whether the first attempt did is not known yet.
  const run = newest?.runKey === row.dedupeKey ? null : newest
  const isExit = text !== null && isOptOut(context, run, text)
  Object.assign(patch, optOutPatch(context, stamp, isExit))

  const optedOut = 'optedOutAt' in patch ? patch.optedOutAt : follower?.optedOutAt
  const entry = context.matched && !isExit && optedOut == null ? toEntry(row, stamp) : null
  const mayEnter = entry && context.matched && reentryAllows(context, context.matched, stamp)
  const start =
    mayEnter && entry && context.matched
      ? startOf(context, entry, context.matched.plan, follower?.own ?? {})
      : undefined
  const replaced = replacedRun(context, stamp)
  const event: Interaction = {
    ...when,
    key: row.dedupeKey,
    scene,
    allowance,
    text,
    ...(row.event?.eventKey == null ? {} : { eventKey: row.event.eventKey }),
    ...(row.event?.qrScene == null ? {} : { qrScene: row.event.qrScene }),
    ...(text !== null && context.words.isExitOfAccount(text) ? { optsOut: true as const } : {}),
    ...(start ? { start } : {}),
    ...(start && replaced ? { replaces: replaced.runKey } : {}),
  }
  const ledger = carriedLedger(context, grants, correctedTime(when))
  const goals = goalsOfInteraction(context, stamp, event)
  const planned = (action: DispatchPlan['action']) => withGoals({ patch, action }, goals)
  if (row.attempts > 1 && context.runs.some((r) => hasApplied(r, row.dedupeKey)))
    return planned({ do: 'nothing', result: 'already-done' })
  if (run && !event.replaces) return planned({ do: 'interact', event, ledger, agent })
  if (start) return planned({ do: 'start', event, ledger, agent })
  return planned({ do: 'nothing', result: 'no-run' })
}

/** Whether a text opts out: by the exit keywords of the account and of the active run, or without a run of any campaign. */
function isOptOut({ words }: DispatchContext, run: KnownRun | null, text: string): boolean {
  return words.isExitOfAccount(text) || (run ? isExitText(run.plan, text) : words.isExit(text))
}

/** The change of an opt-out by a text. The newest text counts, also when it arrives before an older one. */
function optOutPatch(
  { row, follower, words }: DispatchContext,
  { at }: EventStamp,
  isExit: boolean,
): FollowerPatch {
  const text = row.event?.text ?? null
  const optedOutAt = follower?.optedOutAt ?? null
  if (isExit) {
    const isOverridden = follower?.resumedAt != null && at < follower.resumedAt
    return isOverridden ? {} : { optedOutAt: Math.max(optedOutAt ?? 0, at) }
  }
  if (text === null || !words.isResume(text)) return {}
  const resumedAt = Math.max(follower?.resumedAt ?? 0, at)
  return { resumedAt, ...(optedOutAt !== null && optedOutAt <= at ? { optedOutAt: null } : {}) }
}

/** The changes that a follow makes to the follower's row. A follow clears an earlier opt-out. */
function followPatch({ follower }: DispatchContext, stamp: EventStamp): FollowerPatch {
  const known = stampOf(follower?.followedAt, follower?.followedSeq)
  if (known && isOlder(stamp, known)) return {}
  const cleared = follower?.optedOutAt != null && follower.optedOutAt < stamp.at ? { optedOutAt: null } : {}
  return { followedAt: stamp.at, followedSeq: stamp.seq, ...cleared }
}
