import type { KnownRun, Reentry } from '../../dispatch/dispatch-context.ts'
import { planDispatch } from '../../dispatch/plan-dispatch.ts'
import type { Plan } from '../../run/plan.ts'
import { isErasure } from '../../store/inbox/inbox-event.ts'
import type { InboxRow, NewInboxRow } from '../../store/inbox/inbox-rows.ts'
import type { KnownFollower } from '../../store/inbox/known-followers.ts'
import { newFollowerRow } from '../../store/runs/follower-rows.ts'

/** An event that has just arrived. `entry`: the run that it would start; absent when it starts none. */
export type ArrivingEvent = NewInboxRow & { entry?: { plan: Plan; reentry: Reentry } | null }

/** True when the reply belongs to an entry. A follower who does not enter the campaign does not get it. */
export function hasEntryReply(row: ArrivingEvent): boolean {
  return row.reply !== null && row.event.start !== null && row.entry != null
}

/**
 * True when this event will start a run. The dispatcher decides later by the same rules. Returns false when it could decide
 * differently: when another entry of the follower is pending, or the erasure of the follower's data.
 * @param known.pending the follower's undispatched events without this one
 */
export function willStartRun(
  row: ArrivingEvent,
  known: KnownFollower,
  isExitText: (text: string) => boolean,
): boolean {
  if (known.pending.some((other) => other.event?.start || isErasure(other.kind))) return false
  // The event has no id yet. All rows in the inbox arrived before it.
  const asInboxRow: InboxRow = { ...UNDISPATCHED_COLUMNS, ...row, id: Number.MAX_SAFE_INTEGER }
  const runs: KnownRun[] = known.runs.map((run) => ({ ...run, ...EMPTY_RUN }))
  // The rules profile decides the grants of an event, not whether it starts a run.
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
 * True when another entry, which another process stored at the same time, starts the run instead of this one. If the other
 * entry has no stored reply, it starts the run only when its `CreateTime` is not later.
 */
export function isRivalEntry(other: InboxRow, row: ArrivingEvent): boolean {
  if (other.dedupeKey === row.dedupeKey || !other.event?.start) return false
  return other.reply !== null || other.createTime <= row.createTime
}

/** The columns that the store adds to an undispatched event. */
export const UNDISPATCHED_COLUMNS = {
  dispatchedAt: null,
  result: null,
  leaseOwnerId: null,
  leaseExpiresAt: null,
  attempts: 0,
  retryAt: null,
  lastError: null,
}

/** An active run receives the event independently of its plan and state. */
const EMPTY_RUN: Pick<KnownRun, 'plan' | 'state'> = {
  plan: { exitKeywords: [] },
  state: { seenEventKeys: [], revision: 0, ledger: [] },
}
