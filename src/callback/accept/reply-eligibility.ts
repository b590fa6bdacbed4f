import { type KnownRun, planDispatch, type Reentry } from '../../dispatch/plan-dispatch.ts'
import type { Plan } from '../../run/plan.ts'
import { isErasure } from '../../store/inbox/inbox-event.ts'
import type { InboxRow, NewInboxRow } from '../../store/inbox/inbox-rows.ts'
import type { KnownFollower } from '../../store/inbox/known-followers.ts'
import { newFollowerRow } from '../../store/runs/follower-rows.ts'

/** An event that has just come; `entry`: the campaign that it would begin, absent where it begins none. */
export type ArrivingEvent = NewInboxRow & { entry?: { plan: Plan; reentry: Reentry } | null }

/** Whether the reply belongs to an entry: a follower who enters nothing does not get it. */
export function hasEntryReply(row: ArrivingEvent): boolean {
  return row.reply !== null && row.event.start !== null && row.entry != null
}

/**
 * Whether this event will begin a run, by all that is known of its follower when it comes. The dispatcher decides by the
 * same rules later; where it could still decide otherwise, this returns false: another entry waits, or the follower's data will be erased.
 * @param known.pending the follower's events that are not dispatched, without this one
 */
export function willStartRun(
  row: ArrivingEvent,
  known: KnownFollower,
  isExitText: (text: string) => boolean,
): boolean {
  if (known.pending.some((other) => other.event?.start || isErasure(other.kind))) return false
  // It has no id yet, and all rows in the inbox came before it.
  const asInboxRow: InboxRow = { ...UNDISPATCHED_COLUMNS, ...row, id: Number.MAX_SAFE_INTEGER }
  const runs: KnownRun[] = known.runs.map((run) => ({ ...run, ...EMPTY_RUN }))
  // Which grants it brings does not change what it begins.
  const context = { runs, rules: 'wechat-2023' as const, isExitText }
  let { follower } = known
  for (const other of known.pending.filter((p) => p.createTime <= row.createTime)) {
    const { patch } = planDispatch({ ...context, row: other, follower, matched: null })
    follower = { ...(follower ?? newFollowerRow(row)), ...patch }
  }
  return (
    planDispatch({ ...context, row: asInboxRow, follower, matched: row.entry ?? null }).action.do === 'start'
  )
}

/**
 * Whether another entry, which was stored by another process at the same time, takes this one's run. One that was refused
 * its reply because of this one does not, unless it comes first.
 */
export function isRivalEntry(other: InboxRow, row: ArrivingEvent): boolean {
  if (other.dedupeKey === row.dedupeKey || !other.event?.start) return false
  return other.reply !== null || other.createTime <= row.createTime
}

/** What the store adds to an event that is not dispatched. */
export const UNDISPATCHED_COLUMNS = {
  dispatchedAt: null,
  result: null,
  leaseOwnerId: null,
  leaseExpiresAt: null,
  attempts: 0,
  retryAt: null,
  lastError: null,
}

/** An active run gets the event, whatever its plan and state. */
const EMPTY_RUN: Pick<KnownRun, 'plan' | 'state'> = {
  plan: { exitKeywords: [] },
  state: { seenEventKeys: [], revision: 0, ledger: [] },
}
