import type { AgentSessionChange } from '../run/agent-session.ts'
import { campaignsOf } from '../run/condition.ts'
import { hash32 } from '../run/hash.ts'
import type { Outcome } from '../run/outcome.ts'
import {
  conditionsOf,
  type Entry,
  type EventStamp,
  type Interaction,
  isOlder,
  knownFacts,
  type Plan,
  type RunStart,
  type Told,
} from '../run/plan.ts'
import type { RunState } from '../run/state.ts'
import type { Facts } from '../shared/facts.ts'
import { ownValue } from '../shared/own-value.ts'
import type { InboxRow } from '../store/inbox/inbox-rows.ts'
import type { KnownEntries } from '../store/runs/entries.ts'
import type { FollowerPatch, FollowerRow } from '../store/runs/follower-rows.ts'
import type { GoalHit } from '../store/runs/goals.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import { type Ledger, mergeLedgers } from '../wechat/rules/ledger.ts'
import type { RulesProfileName } from '../wechat/rules/rules.ts'

/** How often one follower may enter the same campaign. */
export type Reentry = 'always' | 'never' | { afterMs: number }

/** The part of a run that decides what the next event of its follower means. */
export type KnownRun = Pick<RunRow, 'runKey' | 'campaign' | 'status' | 'entry'> & {
  /** How it ended; null while it goes on. Absent: not read. */
  outcome?: RunRow['outcome']
  /** When it ended, epoch ms; null while it goes on. Absent: not read. */
  endedAt?: RunRow['endedAt']
  plan: Pick<Plan, 'exitKeywords' | 'facts' | 'listensTo' | 'goal' | 'priority'>
  state: Pick<RunState, 'seenEventKeys' | 'revision' | 'ledger'>
}

/** What is known about an event and its follower when the event is planned. */
export interface DispatchContext {
  row: InboxRow
  follower: FollowerRow | null
  /** The follower's runs, newest first. */
  runs: readonly KnownRun[]
  /** The follower's earlier entries, which the runs do not tell. Absent: none. */
  entries?: KnownEntries
  rules: RulesProfileName
  /** The campaign version that matched the event when it arrived; null when none did. */
  matched: { plan: Plan; reentry: Reentry } | null
  words: OptOutWords
}

/** What a text means for the opt-out of a follower. */
export interface OptOutWords {
  /** True for an exit keyword of the account, or of any of its live campaigns. */
  isExit(text: string): boolean
  /** True for an exit keyword of the account, which ends runs of all campaigns. */
  isExitOfAccount(text: string): boolean
  /** True for a keyword that ends an opt-out. */
  isResume(text: string): boolean
}

/** No text opts out or resumes. */
export const NO_OPT_OUT_WORDS: OptOutWords = {
  isExit: () => false,
  isExitOfAccount: () => false,
  isResume: () => false,
}

/** Why a request had no effect on a run. `stored`: facts are stored, and no run depends on them. */
type RequestResult =
  | 'stored'
  | 'not-told'
  | 'no-follower'
  | 'no-campaign'
  | 'too-many-facts'
  | 'busy'
  | 'unfollowed'
  | 'opted-out'
  | 'reentry'
  | 'go-refused'
  | 'not-closing'

/** What an event means for its follower. `patch` is written to the follower's row after the action. */
export interface DispatchPlan {
  patch: FollowerPatch
  /** The runs that reach their goal by it. Absent: none. */
  goals?: readonly GoalHit[]
  action:
    | { do: 'nothing'; result: 'ignored' | 'no-run' | 'already-done' | RequestResult }
    | { do: 'unsubscribe'; event: EventStamp & { key: string } }
    | { do: 'agent'; change: AgentSessionChange }
    /** Tell the active run of an event that is no interaction. */
    | { do: 'tell'; told: Told }
    /** The run before must end first. Plan again later. */
    | { do: 'retry' }
    /** Erase all data of the follower. */
    | { do: 'erase' }
    /** Signal the active run. `event.start` describes the run to start when Temporal has no open run. */
    | { do: 'interact'; event: Interaction; ledger: Ledger; agent: AgentSessionChange | null }
    /** Start a run: none is active, or the event names the one that it replaces. */
    | { do: 'start'; event: Interaction; ledger: Ledger; agent: AgentSessionChange | null }
}

/** The run that receives the follower's events: the newest, unless it has ended or the follower unfollowed after its entry. */
export function activeRun({ follower, runs }: Pick<DispatchContext, 'follower' | 'runs'>): KnownRun | null {
  const [newest] = runs
  if (!newest || newest.status === 'ended') return null
  const unfollowed = stampOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  return unfollowed && isOlder(newest.entry, unfollowed) ? null : newest
}

/**
 * The run that ends because this event begins another campaign in its place; null when none does. A retry finds the new run's
 * row before it. A run that an operator has paused goes on.
 */
export function replacedRun(
  { row, follower, runs, matched }: DispatchContext,
  stamp: EventStamp,
): KnownRun | null {
  if (!matched?.plan.replaces) return null
  const { campaign, priority = 0 } = matched.plan
  const others = runs.filter(({ runKey }) => runKey !== row.dedupeKey)
  const run = activeRun({ follower, runs: others })
  if (run?.status !== 'active' || run.campaign === campaign || isOlder(stamp, run.entry)) return null
  return run.plan.priority !== undefined && run.plan.priority <= priority ? run : null
}

/** True when the run's snapshot says that the run has applied this event. */
export function hasApplied(run: KnownRun, key: string): boolean {
  return run.state.seenEventKeys.includes(key) || (run.runKey === key && run.state.revision > 0)
}

/**
 * Whether the campaign's `reentry` lets the follower enter now. The wait counts from the last entry, not from the end of
 * its run.
 */
export function reentryAllows(
  context: DispatchContext,
  matched: { plan: Plan; reentry: Reentry },
  stamp: EventStamp,
): boolean {
  if (matched.reentry === 'always') return true
  const before = lastEntryAt(context, matched.plan.campaign)
  if (before === null) return true
  return matched.reentry !== 'never' && stamp.at - before >= matched.reentry.afterMs
}

/** The follower's last entry into a campaign before this event, epoch ms; null: none is known. */
function lastEntryAt(
  { row, follower, runs, entries = {} }: DispatchContext,
  campaign: string,
): number | null {
  const last = isNewToAccount(follower)
    ? undefined
    : runs.find((r) => r.campaign === campaign && r.runKey !== row.dedupeKey)
  const times = [last?.entry.at, ownValue(entries, campaign)?.at].filter((at) => at !== undefined)
  return times.length > 0 ? Math.max(...times) : null
}

/**
 * True when the store has nothing about the follower except old runs. The account was then removed and added again, and each
 * follower counts as new.
 */
function isNewToAccount(follower: FollowerRow | null): boolean {
  const { followedAt, unfollowedAt, lastInteractionAt } = follower ?? {}
  return [followedAt, unfollowedAt, lastInteractionAt].every((at) => at == null)
}

/**
 * The entry that an event begins; null when it matched no campaign on its arrival. Neither `reentry` nor the opt-out is
 * checked.
 */
export function toEntry(row: InboxRow, stamp: EventStamp): Entry | null {
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

/**
 * The start of a run. A seed is needed for shares and for the spread of local times only.
 * @param facts all facts of the follower: the run gets those that its plan uses
 */
export function startOf(
  { row, runs, entries }: Pick<DispatchContext, 'row' | 'runs' | 'entries'>,
  entry: Entry,
  plan: Plan,
  facts: Facts,
): RunStart {
  const { appId, openId } = row
  const isRandom = plan.spreadMs !== undefined || plan.forks?.some(({ kind }) => kind === 'share')
  const own = knownFacts(plan, facts)
  return {
    entry,
    plan,
    ...(isRandom ? { seed: hash32(appId, openId, plan.campaign) } : {}),
    ...(own ? { own } : {}),
    ...historyFor(plan, { runs, entries }, entry),
  }
}

/** The outcomes of the newest earlier runs of the campaigns that the plan's conditions name. */
function historyFor(
  plan: Plan,
  { runs, entries = {} }: Pick<DispatchContext, 'runs' | 'entries'>,
  entry: Entry,
): Pick<RunStart, 'history'> {
  const ids = new Set(conditionsOf(plan).flatMap(campaignsOf))
  if (ids.size === 0) return {}
  const earlier = runs.filter(({ runKey, campaign }) => ids.has(campaign) && runKey !== entry.key)
  // Newest first: of several runs of one campaign the last in this order counts.
  const outcomes = [...earlier]
    .reverse()
    .map(({ campaign, outcome = null }) => [campaign, outcome as Outcome | null])
  const earlierEntries = [...ids].flatMap((id) => {
    const known = ownValue(entries, id)
    return known ? [[id, known.outcome]] : []
  })
  return { history: Object.fromEntries([...earlierEntries, ...outcomes]) }
}

/** The valid grants that a new run takes over, with the uses that the last run counted. Grants belong to the follower. */
export function carriedLedger({ follower, runs }: DispatchContext, grants: Ledger, at: number): Ledger {
  const unfollowed = stampOf(follower?.unfollowedAt, follower?.unfollowedSeq)
  const [last] = runs
  const counted = last && !(unfollowed && isOlder(last.entry, unfollowed)) ? last.state.ledger : []
  return mergeLedgers(counted, grants).filter((g) => g.expiresAt > at)
}

/** When the grant of typed messages ends, epoch ms; null when there is none. */
export function endOfMessages(grants: Ledger): number | null {
  return grants.find((grant) => grant.scene === 'message')?.expiresAt ?? null
}

/** How far this machine's clock was ahead of WeChat's when the event arrived. */
export function clockOffsetOf({ event }: InboxRow): { aheadMs?: number } {
  return event?.aheadMs ? { aheadMs: event.aheadMs } : {}
}

/**
 * A time of the follower's row, with the number that orders events of the same time. Null: the row has no time. A row
 * without the number is before all events of its time.
 */
export function stampOf(at: number | null | undefined, seq: number | null | undefined): EventStamp | null {
  return at == null ? null : { at, seq: seq ?? 0 }
}

/** The open session with a human agent, after the changes of this event; null when there is none. */
export function currentAgentSession(
  follower: FollowerRow | null,
  patch: FollowerPatch,
): AgentSessionChange | null {
  const { agent, agentAt, agentSeq } = { ...follower, ...patch }
  const changed = stampOf(agentAt, agentSeq)
  return agent && changed ? { open: true, ...changed } : null
}
