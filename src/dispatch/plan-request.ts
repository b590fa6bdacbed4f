import { agentSessionEnd } from '../run/agent-session.ts'
import { correctedTime, type EventStamp, isOlder, knownFacts, type Told } from '../run/plan.ts'
import { type Facts, mergeFacts } from '../shared/facts.ts'
import type { InboxRequest } from '../store/inbox/inbox-event.ts'
import type { FollowerRow } from '../store/runs/follower-rows.ts'
import { selectGrant } from '../wechat/rules/ledger.ts'
import {
  activeRun,
  carriedLedger,
  clockOffsetOf,
  currentAgentSession,
  type DispatchContext,
  type DispatchPlan,
  endOfMessages,
  hasApplied,
  reentryAllows,
  replacedRun,
  stampOf,
  startOf,
  toEntry,
} from './dispatch-context.ts'

/** An entry waits this often for the end of the run before it: about eight minutes. Later events of the follower wait with it. */
const MAX_ATTEMPTS = 40

/**
 * Plans what a request means for its follower: facts, an entry, tags, or a click on a short link. A request is no interaction:
 * it opens no grant and no window. A follower that the store does not know, or no longer knows, is not created by a request.
 */
export function planRequest(
  context: DispatchContext,
  request: InboxRequest,
  stamp: EventStamp,
): DispatchPlan {
  const { follower } = context
  if (!follower) return nothing('no-follower')
  switch (request.type) {
    case 'fact': {
      const own = mergeFacts(follower.own, request.facts)
      if (!own) return nothing('too-many-facts')
      const isOwn = request.by !== undefined && request.by === activeRun(context)?.runKey
      const facts = isOwn ? null : knownFacts(activeRun(context)?.plan ?? {}, request.facts)
      const told = facts && tell(context, 'fact', stamp, { facts })
      return { patch: { own }, action: told ?? stored() }
    }
    case 'enter':
      return planEnter(context, follower, request, stamp)
    case 'window-closing':
      return isClosing(
        context,
        follower,
        request.endsAt,
        correctedTime({ ...stamp, ...clockOffsetOf(context.row) }),
      )
        ? planEnter(context, follower, NO_FACTS, stamp)
        : nothing('not-closing')
    case 'tag': {
      // A campaign may begin by a tag. For an active run the tag is news only.
      const entry = context.matched ? planEnter(context, follower, NO_FACTS, stamp) : null
      if (entry?.action.do === 'start') return entry
      return { patch: {}, action: tell(context, 'tag', stamp, { tags: request.tags }) ?? notTold() }
    }
    case 'link': {
      const action = tell(context, 'link', stamp, { link: request.name }, request.runKey)
      return { patch: {}, action: action ?? notTold() }
    }
    default:
      return request satisfies never
  }
}

const NO_FACTS = { type: 'enter', facts: {} } as const

/** The rules are those of an entry by a callback, except that an active run is never told of the entry. */
function planEnter(
  context: DispatchContext,
  follower: FollowerRow,
  request: Extract<InboxRequest, { type: 'enter' }>,
  stamp: EventStamp,
): DispatchPlan {
  const { row, runs, matched } = context
  if (row.attempts > 1 && runs.some((r) => hasApplied(r, row.dedupeKey))) return nothing('already-done')
  const entry = toEntry(row, stamp)
  if (!matched || !entry) return nothing('no-campaign')
  const active = activeRun(context)
  const replaced = replacedRun(context, stamp)
  // A run that ends for this entry by itself is not replaced.
  const replaces = replaced?.runKey === request.after ? undefined : replaced?.runKey
  if (active && active.runKey !== row.dedupeKey && replaces === undefined) {
    const isEnding = active.runKey === request.after && row.attempts <= MAX_ATTEMPTS
    return isEnding ? { patch: {}, action: { do: 'retry' } } : nothing('busy')
  }
  const refusal = enterRefusal(context, follower, stamp, request.after !== undefined)
  if (refusal) return nothing(refusal)
  const own = mergeFacts(follower.own, request.facts)
  if (!own) return nothing('too-many-facts')
  const event = {
    ...stamp,
    ...clockOffsetOf(row),
    key: row.dedupeKey,
    // A run receives every entry as an interaction. Without an allowance this one opens no grant.
    scene: 'menu' as const,
    allowance: null,
    text: null,
    start: startOf(context, entry, matched.plan, own),
    ...(replaces === undefined ? {} : { replaces }),
  }
  const ledger = carriedLedger(context, follower.grants, correctedTime(entry))
  const agent = currentAgentSession(follower, {})
  return { patch: setFacts(request.facts, own), action: { do: 'start', event, ledger, agent } }
}

/** Why a follower without an active run may not enter; null when the follower may. */
function enterRefusal(
  context: DispatchContext,
  follower: FollowerRow,
  stamp: EventStamp,
  isSuccessor: boolean,
): 'unfollowed' | 'opted-out' | 'reentry' | 'go-refused' | null {
  if (hasUnfollowed(follower)) return 'unfollowed'
  if (follower.optedOutAt !== null) return 'opted-out'
  const { row, runs, matched } = context
  if (!matched) return null
  if (isSuccessor) {
    // Campaigns that lead to each other would otherwise run in a circle while the follower does nothing.
    const since = follower.lastInteractionAt ?? 0
    const isCircle = runs.some(
      (r) =>
        r.campaign === matched.plan.campaign && r.runKey !== row.dedupeKey && correctedTime(r.entry) > since,
    )
    if (isCircle) return 'go-refused'
  }
  return reentryAllows(context, matched, stamp) ? null : 'reentry'
}

/** Whether this grant is still the newest, can pay for a message, and no human agent has the follower. */
function isClosing(context: DispatchContext, follower: FollowerRow, endsAt: number, at: number): boolean {
  const session = currentAgentSession(follower, {})
  const hasAgent = session !== null && (agentSessionEnd(session) ?? 0) > at
  return (
    !hasAgent &&
    endOfMessages(follower.grants) === endsAt &&
    selectGrant(carriedLedger(context, follower.grants, at), at) !== undefined
  )
}

/** Whether the follower's last follow or unfollow was an unfollow. */
function hasUnfollowed(
  follower: Pick<FollowerRow, 'followedAt' | 'followedSeq' | 'unfollowedAt' | 'unfollowedSeq'>,
): boolean {
  const unfollowed = stampOf(follower.unfollowedAt, follower.unfollowedSeq)
  const followed = stampOf(follower.followedAt, follower.followedSeq)
  return unfollowed !== null && !(followed && isOlder(unfollowed, followed))
}

/**
 * Tells the active run, if its plan depends on such events. A run that does not would only get a longer history.
 * @param runKey limits it to this run
 */
function tell(
  context: DispatchContext,
  kind: 'fact' | 'tag' | 'link',
  stamp: EventStamp,
  content: { facts: Facts } | { tags: readonly string[] } | { link: string },
  runKey?: string,
): { do: 'tell'; told: Told } | null {
  const run = activeRun(context)
  if (!run?.plan.listensTo?.includes(kind) || (runKey !== undefined && run.runKey !== runKey)) return null
  const { row } = context
  return { do: 'tell', told: { ...stamp, ...clockOffsetOf(row), key: row.dedupeKey, ...content } }
}

const setFacts = (facts: Facts, own: Facts) => (Object.keys(facts).length > 0 ? { own } : {})

type NothingResult = Extract<DispatchPlan['action'], { do: 'nothing' }>['result']
const nothing = (result: NothingResult): DispatchPlan => ({ patch: {}, action: { do: 'nothing', result } })
const stored = () => ({ do: 'nothing', result: 'stored' }) as const
const notTold = () => ({ do: 'nothing', result: 'not-told' }) as const
