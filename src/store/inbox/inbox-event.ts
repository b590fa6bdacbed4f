import type { RunStart } from '../../run/plan.ts'
import type { Scene } from '../../wechat/rules/rules.ts'

/**
 * What the dispatcher needs of an accepted callback. Message texts live here until the row is dispatched and are purged
 * then; what the event starts was matched once, before the insert.
 */
export interface InboxEvent {
  kind: string
  scene: Scene | null
  text: string | null
  qrScene: string | null
  eventKey: string | null
  /** The campaign version this event would start, matched when it arrived. */
  start: { campaign: string; version: number; event: RunStart['entry']['event'] } | null
  /**
   * How far our clock was ahead of WeChat's when it arrived, ms: what is counted from this event is counted from its
   * `CreateTime` and this. Absent where nothing is to be corrected.
   */
  aheadMs?: number
  /** W3C `traceparent` of its callback; absent while there are no traces, and in rows from before there were any. */
  trace?: string
}

/**
 * Kinds of inbox rows after which a person must be forgotten: an operator's wish, and what WeChat says when somebody
 * withdraws the consent (撤回授权) or closes the WeChat account (注销).
 */
export const ERASURE_KINDS = [
  'forget',
  'user_authorization_revoke',
  'user_authorization_cancellation',
] as const
