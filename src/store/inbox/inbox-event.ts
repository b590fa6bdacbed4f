import type { FollowerEvent } from '../../run/follower-event.ts'
import type { Entry } from '../../run/plan.ts'

/**
 * An accepted event, as its inbox row keeps it until the dispatcher has delivered it. Its text is purged then. What the
 * event starts was matched once, before the insert.
 */
export interface InboxEvent extends FollowerEvent {
  /** The campaign version this event would start, matched when it arrived. */
  start: { campaign: string; version: number; event: Entry['event'] } | null
  /**
   * How far our clock was ahead of WeChat's when it arrived, ms: what is counted from this event is counted from its
   * `CreateTime` and this. Absent where nothing is to be corrected.
   */
  aheadMs?: number
  /** W3C `traceparent` of its callback; absent while tracing is off. */
  trace?: string
}

/**
 * Kinds of inbox rows after which a follower's data is erased: an operator's request, and WeChat's notice that a person
 * withdrew the consent (撤回授权) or closed the WeChat account (注销).
 */
export const ERASURE_KINDS = [
  'erase',
  'user_authorization_revoke',
  'user_authorization_cancellation',
] as const

/** True of an event after which the follower's data must be erased. */
export function isErasure(kind: string): boolean {
  return ERASURE_KINDS.some((k) => k === kind)
}
