import type { FollowerEvent } from '../../run/follower-event.ts'
import type { Entry } from '../../run/plan.ts'
import type { Facts } from '../../shared/facts.ts'
import type { Scene } from '../../wechat/rules/rules.ts'

/** What another system, an operator, a step or a short link reports about a follower. WeChat reports none of these. */
export type InboxRequest =
  /** Facts were set. `by`: the key of the run whose step set them, which knows them already; absent: another system. */
  | { type: 'fact'; facts: Facts; by?: string }
  /**
   * A campaign is started: `start` of the event names it. `after`: the key of the run that ends for it; absent: no run may be
   * active.
   */
  | { type: 'enter'; facts: Facts; after?: string }
  /** This product gave the follower tags. */
  | { type: 'tag'; tags: readonly string[] }
  /** The follower opened a short link for the first time. `name`: of the link. */
  | { type: 'link'; name: string; runKey: string }
  /** The follower's message grant ends soon, at `endsAt`, epoch ms. It begins the campaign that `start` of the event names. */
  | { type: 'window-closing'; endsAt: number }

/**
 * An accepted event in its inbox row. Once it is dispatched, only a `DispatchedEvent` stays. The campaign that it starts was
 * matched once, before the insert.
 */
export interface InboxEvent extends FollowerEvent {
  /** The campaign version that this event would start; null: none. */
  start: { campaign: string; version: number; event: Entry['event'] } | null
  /**
   * How far the clock of this machine was ahead of WeChat's when the event arrived, ms. Times that are counted from the event
   * are counted from `CreateTime` plus this. Absent when no correction is needed.
   */
  aheadMs?: number
  /** Present when the event is not WeChat's. Such an event is no interaction: its `scene` is null. */
  request?: InboxRequest
  /** W3C `traceparent` of its callback; absent while tracing is off. */
  trace?: string
}

/**
 * What stays of an event in its inbox row once it is dispatched: nothing that the follower wrote, and no value of a fact. The row
 * has its kind and time. It is null for an event that has none of these fields. Rows of 0.3 have `scene` and `aheadMs` only.
 */
export interface DispatchedEvent extends Pick<InboxEvent, 'aheadMs'> {
  /** Absent for an event that is no interaction, such as an unfollow. */
  scene?: Scene
  qrScene?: string
  eventKey?: string
  start?: NonNullable<InboxEvent['start']>
  request?: DispatchedRequest
}

/** A dispatched request. Facts have names without values. */
export type DispatchedRequest =
  | { type: 'fact'; names: readonly string[]; by?: string }
  | { type: 'enter'; names?: readonly string[]; after?: string }
  | Exclude<InboxRequest, { type: 'fact' | 'enter' }>

/**
 * Kinds of inbox rows that erase a follower's data: a request of an operator, and WeChat's notices that a person withdrew the
 * consent (撤回授权) or closed the WeChat account (注销).
 */
export const ERASURE_KINDS = [
  'erase',
  'user_authorization_revoke',
  'user_authorization_cancellation',
] as const

/** Whether an event of this kind erases the follower's data. */
export function isErasure(kind: string): boolean {
  return ERASURE_KINDS.some((k) => k === kind)
}
