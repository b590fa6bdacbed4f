import type { Scene } from '../wechat/rules/rules.ts'

/**
 * What a follower did, as every layer knows it: made once from the callback, kept in the inbox, matched against campaigns,
 * and read by the dispatcher. An `Entry` and an `Interaction` are this event with its time, for a run.
 */
export interface FollowerEvent {
  /** The kind of the callback, `subscribe` or `text` for example. */
  kind: string
  /** The grant scene of an interaction; null of an event that is none, an unsubscribe for example. */
  scene: Scene | null
  /** Of a text message; null of everything else. */
  text: string | null
  qrScene: string | null
  /** A menu key; of a tapped menu message, its item's id. */
  eventKey: string | null
}
