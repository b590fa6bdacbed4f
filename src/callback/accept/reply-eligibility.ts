import {
  activeRun,
  type DispatchPlan,
  type KnownRun,
  type OptOutWords,
  type Reentry,
} from '../../dispatch/dispatch-context.ts'
import { planDispatch } from '../../dispatch/plan-dispatch.ts'
import type { Plan } from '../../run/plan.ts'
import { isErasure } from '../../store/inbox/inbox-event.ts'
import { type InboxRow, type NewInboxRow, UNDISPATCHED_COLUMNS } from '../../store/inbox/inbox-rows.ts'
import type { KnownFollower } from '../../store/inbox/known-followers.ts'
import { newFollowerRow } from '../../store/runs/follower-rows.ts'
import type { PassiveReply } from '../../wechat/callback/passive-reply.ts'

/** The reply to a text by which a follower may opt out. What the text means depends on the follower's active run. */
export interface ExitReply {
  /** Whether the text opts out during a run of this campaign. */
  ends(campaign: string): boolean
  /** @param campaign of the active run; null: none */
  replyFor(campaign: string | null): PassiveReply | null
}

/** What an event is answered when its entry starts no run. The first that is due counts. */
interface OtherReplies {
  /** Due when the follower opts out. */
  exit?: ExitReply
  /** Due when an opt-out of the follower ends. */
  resume?: () => PassiveReply | null
  /** Always due, with the row of `answers` that it is from. */
  reply?: PassiveReply | null
  answered?: string
}

/**
 * An event that has just arrived. `entry`: the run that it would start; absent when it starts none. `otherwise`: absent when
 * `reply` is decided.
 */
export type ArrivingEvent = NewInboxRow & {
  entry?: { plan: Plan; reentry: Reentry } | null
  otherwise?: OtherReplies
}

/** True when the reply depends on what the store knows of the follower. */
export function isReplyOpen(row: ArrivingEvent): boolean {
  return hasEntryReply(row) || row.otherwise !== undefined
}

/** True when the reply belongs to an entry. A follower who does not enter the campaign does not get it. */
export function hasEntryReply(row: ArrivingEvent): boolean {
  return row.reply !== null && row.event.start !== null && row.entry != null
}

/**
 * True when this event will start a run. The dispatcher decides later by the same rules. Returns false when it could decide
 * differently: when another entry of the follower is pending, or the erasure of the follower's data.
 * @param known.pending the follower's undispatched events without this one
 */
export function willStartRun(row: ArrivingEvent, known: KnownFollower, words: OptOutWords): boolean {
  if (known.pending.some((other) => other.event?.start || isErasure(other.kind))) return false
  return planArrival(row, known, words).plan.action.do === 'start'
}

/**
 * The reply of an event whose entry starts no run: to an opt-out, to the end of an opt-out, or of `answers`; null for none.
 * The dispatcher decides later by the same rules whether the follower opts out.
 */
export function otherReply(
  row: ArrivingEvent,
  known: KnownFollower,
  words: OptOutWords,
): { reply: PassiveReply | null; answered: string | null } {
  const { exit, resume, reply = null, answered = null } = row.otherwise ?? {}
  const dueReply = exit || resume ? optOutReply(row, known, words, { exit, resume }) : null
  return dueReply ? { reply: dueReply, answered: null } : { reply, answered }
}

function optOutReply(
  row: ArrivingEvent,
  known: KnownFollower,
  words: OptOutWords,
  { exit, resume }: { exit: ExitReply | undefined; resume: OtherReplies['resume'] },
): PassiveReply | null {
  const erased = known.pending.findLastIndex((other) => isErasure(other.kind))
  const now =
    erased < 0 ? known : { follower: null, runs: [], entries: {}, pending: known.pending.slice(erased + 1) }
  const { plan, campaign } = planArrival(row, now, words)
  // The run of a pending entry does not exist yet.
  const starting = now.pending.findLast((other) => other.event?.start)?.event?.start?.campaign ?? null
  if (exit && (starting === null ? plan.patch.optedOutAt != null : exit.ends(starting)))
    return exit.replyFor(starting ?? campaign)
  return plan.patch.optedOutAt === null && resume ? resume() : null
}

/** What the event will mean for the follower once the pending events are dispatched. `campaign`: of the active run. */
function planArrival(
  row: ArrivingEvent,
  known: KnownFollower,
  words: OptOutWords,
): { plan: DispatchPlan; campaign: string | null } {
  // The event has no id yet. All rows in the inbox arrived before it.
  const asInboxRow: InboxRow = { ...UNDISPATCHED_COLUMNS, ...row, id: Number.MAX_SAFE_INTEGER }
  const runs: KnownRun[] = known.runs.map(({ exitKeywords, priority, ...run }) => ({
    ...run,
    plan: { exitKeywords: exitKeywords ?? [], ...(priority == null ? {} : { priority }) },
    state: UNKNOWN_STATE,
  }))
  // The rules profile decides the grants of an event, not whether it starts a run.
  const context = { runs, entries: known.entries, rules: 'wechat-2023' as const, words }
  let { follower } = known
  for (const other of known.pending.filter((p) => p.createTime <= row.createTime)) {
    const { patch } = planDispatch({ ...context, row: other, follower, matched: null })
    follower = { ...(follower ?? newFollowerRow(row)), ...patch }
  }
  const arriving = { ...context, row: asInboxRow, follower, matched: row.entry ?? null }
  return { plan: planDispatch(arriving), campaign: activeRun(arriving)?.campaign ?? null }
}

/**
 * True when another entry, which another process stored at the same time, starts the run instead of this one. If the other
 * entry has no stored reply, it starts the run only when its `CreateTime` is not later.
 */
export function isRivalEntry(other: InboxRow, row: ArrivingEvent): boolean {
  if (other.dedupeKey === row.dedupeKey || !other.event?.start) return false
  return other.reply !== null || other.createTime <= row.createTime
}

/** An active run receives the event independently of its state. */
const UNKNOWN_STATE: KnownRun['state'] = { seenEventKeys: [], revision: 0, ledger: [] }
