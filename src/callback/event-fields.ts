import { ERASURE_KINDS, type InboxEvent } from '../store/inbox/inbox-event.ts'
import type { Inbound } from '../wechat/callback/events.ts'
import { sceneOf } from '../wechat/rules/rules.ts'

/** What the dispatcher will need of an event; null when the event means nothing to a run and is only acknowledged. */
export function eventFields(inbound: Inbound): Omit<InboxEvent, 'start'> | null {
  const scene = sceneOf(inbound)
  const matters =
    scene !== null ||
    inbound.kind === 'unsubscribe' ||
    inbound.kind === 'kf_create_session' ||
    inbound.kind === 'kf_close_session' ||
    inbound.kind === 'kf_switch_session' ||
    isErasure(inbound.kind)
  if (!matters) return null
  return {
    kind: inbound.kind,
    scene,
    text: inbound.kind === 'text' ? inbound.content : null,
    qrScene: 'qrScene' in inbound ? inbound.qrScene : null,
    eventKey: eventKeyOf(inbound),
  }
}

/** A menu key; of a tapped menu message, its item's id. */
export function eventKeyOf(inbound: Inbound): string | null {
  if (inbound.kind === 'text') return inbound.bizmsgmenuid
  return 'eventKey' in inbound && typeof inbound.eventKey === 'string' ? inbound.eventKey : null
}

/** True of an event after which the person must be forgotten. */
export function isErasure(kind: string): boolean {
  return ERASURE_KINDS.some((k) => k === kind)
}
