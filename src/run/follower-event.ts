import type { Scene } from '../wechat/rules/rules.ts'

/**
 * An event of a follower, in the one form that every layer uses. It is made from the callback, stored in the inbox, matched
 * against campaigns and read by the dispatcher. An `Entry` and an `Interaction` are this event with its time, for a run.
 */
export interface FollowerEvent {
  /** The kind of the callback, `subscribe` or `text` for example. */
  kind: string
  /** The grant scene of an interaction; null for any other event, such as an unsubscribe. */
  scene: Scene | null
  /** The text of a text message; null for any other event. */
  text: string | null
  qrScene: string | null
  /** The menu key; for a tapped menu message, the item's id. */
  eventKey: string | null
}
