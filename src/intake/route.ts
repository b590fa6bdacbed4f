import { type AgentWord, isNewerWord, wordOfMessage } from '../campaign/agent-session.ts'
import { exitKeywordIn } from '../campaign/keyword.ts'
import {
  type Entry,
  type Interaction,
  isOlder,
  type Mark,
  normaliseKeyword,
  ourTime,
  type Plan,
} from '../campaign/plan.ts'
import type { RunState } from '../campaign/state.ts'
import type { FollowerPatch, FollowerRow } from '../store/followers.ts'
import type { InboxRow } from '../store/inbox.ts'
import type { RunRow } from '../store/runs.ts'
import { addGrant, type Ledger, mergeLedgers } from '../wechat/ledger.ts'
import { allowanceOf, type RulesProfileName, type Scene } from '../wechat/rules.ts'
import { isForget } from './facts.ts'

/** How often one follower may enter the same campaign. */
export type Reentry = 'always' | 'never' | { afterMs: number }

/** What of a run counts for its follower's next event. */
export type KnownRun = Pick<RunRow, 'runKey' | 'campaign' | 'status' | 'entry'> & {
  plan: Pick<Plan, 'exitKeywords'>
  state: Pick<RunState, 'seen' | 'seq' | 'ledger'>
}

/** What the dispatcher knows when it routes one event of a follower. */
export interface RouteFacts {
  row: InboxRow
  follower: FollowerRow | null
  /** The follower's runs, newest first. */
  runs: readonly KnownRun[]
  rules: RulesProfileName
  /** The campaign version that was matched when the event arrived, if any. */
  matched: { plan: Plan; reentry: Reentry } | null
  /** True when this text leaves any live campaign of the account. */
  isExitText: (text: string) => boolean
}

/** What an event means for its follower. `patch` is written once the action was done. */
export interface Route {
  patch: FollowerPatch
  action:
    | { do: 'nothing'; result: 'ignored' | 'no-run' | 'already-done' }
    | { do: 'unsubscribe'; event: Mark & { key: string } }
    | { do: 'agent'; word: AgentWord }
    /** Everything that is known of the person goes. */
    | { do: 'forget' }
    /** Tell the active run; `start` is what would begin if there turns out to be none. */
    | { do: 'interact'; event: Interaction; ledger: Ledger; agent: AgentWord | null }
    /** No run is active: begin one. */
    | { do: 'start'; event: Interaction; ledger: Ledger; agent: AgentWord | null }
}

/**
 * The order and the meaning of a follower's events (contract, section 3), as a pure function: by `CreateTime`, then by
 * arrival; what is older than the unfollow or follow that counts changes nothing.
 */
export function route(facts: RouteFacts): Route {
  const { row, follower } = facts
  const mark: Mark = { at: row.createTime, seq: row.id }
  if (row.kind === 'unsubscribe') return routeUnsubscribe(facts, mark)
  if (isForget(row.kind)) return { patch: {}, action: { do: 'forget' } }
  if (AGENT_KINDS.has(row.kind)) return routeAgent(facts, mark)
  const scene = row.event?.scene ?? null
  const unfollowed = markOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  const begunBy = facts.runs[0]?.entry
  const beforeFollow = begunBy?.event === 'subscribe' && isOlder(mark, begunBy)
  if (!scene || beforeFollow || (unfollowed && isOlder(mark, unfollowed))) {
    return {
      patch: scene === 'subscribe' ? followPatch(facts, mark) : {},
      action: { do: 'nothing', result: 'ignored' },
    }
  }
  return routeInteraction(facts, mark, scene)
}

/** Kinds that say something of a session with a human agent; one that another agent takes over goes on. */
const AGENT_KINDS = new Map([
  ['kf_create_session', true],
  ['kf_switch_session', true],
  ['kf_close_session', false],
])

/** Late and repeated words change nothing. */
function routeAgent(facts: RouteFacts, mark: Mark): Route {
  const { row, follower } = facts
  const word = { open: AGENT_KINDS.get(row.kind) === true, ...mark, ...aheadOf(row) }
  const patch = agentPatch(follower, word)
  // A second try of one that was noted already must still reach the run, which hears nothing twice.
  const again = row.attempts > 1 && follower?.agentAt === mark.at && follower.agentSeq === mark.seq
  if (!patch && !again) return { patch: {}, action: { do: 'nothing', result: 'ignored' } }
  return {
    patch: patch ?? {},
    action: active(facts) ? { do: 'agent', word } : { do: 'nothing', result: 'no-run' },
  }
}

/** What the row takes from a word on the session; null when a newer one is known. */
function agentPatch(follower: FollowerRow | null, { open, at, seq }: AgentWord): FollowerPatch | null {
  const known = markOf(follower?.agentAt, follower?.agentSeq)
  return isNewerWord(known, { at, seq }) ? { agent: open, agentAt: at, agentSeq: seq } : null
}

/** The session that a human agent has, with what this event says of it. Of a row from before 0.3 nobody knows since when. */
function agentNow(follower: FollowerRow | null, patch: FollowerPatch): AgentWord | null {
  const { agent, agentAt, agentSeq } = { ...follower, ...patch }
  if (!agent) return null
  return { open: true, at: agentAt ?? follower?.updatedAt ?? 0, seq: agentSeq ?? -1 }
}

function routeUnsubscribe({ row, follower, runs }: RouteFacts, mark: Mark): Route {
  const followed = markOf(follower?.followedAt, follower?.followedSeq)
  const unfollowed = markOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  if ([followed, unfollowed].some((known) => known && isOlder(mark, known)))
    return { patch: {}, action: { do: 'nothing', result: 'ignored' } }
  const patch = {
    unfollowedAt: mark.at,
    unfollowedSeq: mark.seq,
    grants: [],
    agent: false,
    agentAt: mark.at,
    agentSeq: mark.seq,
    paused: false,
  }
  const action = { do: 'unsubscribe', event: { ...mark, key: row.key } } as const
  return { patch, action: runs.length > 0 ? action : { do: 'nothing', result: 'no-run' } }
}

function routeInteraction(facts: RouteFacts, mark: Mark, scene: Scene): Route {
  const { row, follower } = facts
  const text = row.event?.text ?? null
  const allowance = allowanceOf(facts.rules, scene)
  const when = { ...mark, ...aheadOf(row) }
  const grants = addGrant(follower?.grants ?? [], scene, ourTime(when), allowance, mark.at)
  const patch: FollowerPatch = {
    grants,
    lastInteractionAt: Math.max(follower?.lastInteractionAt ?? 0, ourTime(when)),
    ...(scene === 'subscribe' ? followPatch(facts, mark) : {}),
    ...(scene === 'message' ? agentPatch(follower, wordOfMessage(mark)) : {}),
  }
  const agent = agentNow(follower, patch)
  const newest = active(facts)
  // A second try of a run's own entry begins it: nobody knows yet whether the first one did.
  const run = newest?.runKey === row.key ? null : newest
  const keyword = text !== null && run ? exitKeywordIn(run.plan.exitKeywords, text) : undefined
  const leaves = run ? keyword !== undefined : text !== null && facts.isExitText(text)
  if (leaves) patch.optedOutAt = Math.max(follower?.optedOutAt ?? 0, mark.at)

  const optedOut = 'optedOutAt' in patch ? patch.optedOutAt : follower?.optedOutAt
  const entry = facts.matched && !leaves && optedOut == null ? entryOf(row, mark) : null
  const begins = entry && facts.matched && reentryAllows(facts, facts.matched, mark)
  const start = begins && entry && facts.matched ? { entry, plan: facts.matched.plan } : undefined
  const event: Interaction = {
    ...when,
    key: row.key,
    scene,
    allowance,
    text: keyword === undefined ? text : readableText(keyword, text),
    ...(start ? { start } : {}),
  }
  const ledger = carriedLedger(facts, grants, ourTime(when))
  if (row.attempts > 1 && facts.runs.some((r) => heard(r, row.key))) {
    return { patch, action: { do: 'nothing', result: 'already-done' } }
  }
  if (run) return { patch, action: { do: 'interact', event, ledger, agent } }
  if (start) return { patch, action: { do: 'start', event, ledger, agent } }
  return { patch, action: { do: 'nothing', result: 'no-run' } }
}

/** A follow clears an opt-out that came before it. */
function followPatch({ follower }: RouteFacts, mark: Mark): FollowerPatch {
  const known = markOf(follower?.followedAt, follower?.followedSeq)
  if (known && isOlder(mark, known)) return {}
  const cleared = follower?.optedOutAt != null && follower.optedOutAt < mark.at ? { optedOutAt: null } : {}
  return { followedAt: mark.at, followedSeq: mark.seq, ...cleared }
}

/** The run that hears this follower: the newest, unless it is over or an unfollow came after it began. */
function active({ follower, runs }: RouteFacts): KnownRun | null {
  const [newest] = runs
  if (!newest || newest.status === 'ended') return null
  const unfollowed = markOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  return unfollowed && isOlder(newest.entry, unfollowed) ? null : newest
}

/** The text, or its keyword where a run of an earlier version, or on a worker of one, would not find it in the text. */
function readableText(keyword: string, text: string | null): string {
  return text !== null && normaliseKeyword(text) === keyword ? text : keyword
}

/** True when a run of ours has already taken this event: its snapshot says so. */
function heard(run: KnownRun, key: string): boolean {
  return run.state.seen.includes(key) || (run.runKey === key && run.state.seq > 0)
}

function reentryAllows(facts: RouteFacts, matched: { plan: Plan; reentry: Reentry }, mark: Mark): boolean {
  if (matched.reentry === 'always') return true
  if (isNewToAccount(facts.follower)) return true
  const before = facts.runs.find((r) => r.campaign === matched.plan.campaign && r.runKey !== facts.row.key)
  if (!before) return true
  return matched.reentry !== 'never' && mark.at - before.entry.at >= matched.reentry.afterMs
}

/** Nothing is known of this follower but old runs: the account was removed since, and everybody starts as new. */
function isNewToAccount(follower: FollowerRow | null): boolean {
  const { followedAt, unfollowedAt, lastInteractionAt } = follower ?? {}
  return [followedAt, unfollowedAt, lastInteractionAt].every((at) => at == null)
}

function entryOf(row: InboxRow, mark: Mark): Entry | null {
  const { event } = row
  if (!event?.start) return null
  return {
    ...mark,
    ...aheadOf(row),
    key: row.key,
    event: event.start.event,
    qrScene: event.qrScene,
    eventKey: event.eventKey,
    text: event.text,
  }
}

/** Grants belong to the follower: a run takes over those still valid, with the uses that the last run counted. */
function carriedLedger({ follower, runs }: RouteFacts, grants: Ledger, at: number): Ledger {
  const unfollowed = markOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  const [last] = runs
  const counted = last && !(unfollowed && isOlder(last.entry, unfollowed)) ? last.state.ledger : []
  return mergeLedgers(counted, grants).filter((g) => g.expiresAt > at)
}

/** How far our clock was ahead of WeChat's when the event arrived. */
function aheadOf({ event }: InboxRow): { aheadMs?: number } {
  return event?.aheadMs ? { aheadMs: event.aheadMs } : {}
}

function markOf(at: number | null | undefined, seq: number | null | undefined): Mark | null {
  return at == null ? null : { at, seq: seq ?? 0 }
}
