import type { Start } from '../campaign/plan.ts'
import type { Scene } from '../wechat/rules.ts'

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
  start: { campaign: string; version: number; event: Start['entry']['event'] } | null
}
