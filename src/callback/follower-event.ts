import { AGENT_SESSION_KINDS } from '../dispatch/plan-dispatch.ts'
import type { FollowerEvent } from '../run/follower-event.ts'
import { isErasure } from '../store/inbox/inbox-event.ts'
import type { Inbound } from '../wechat/callback/events.ts'
import { sceneOf } from '../wechat/rules/rules.ts'

/** Kinds without a scene that the dispatcher needs. */
const KINDS_WITHOUT_SCENE: ReadonlySet<string> = new Set(['unsubscribe', ...AGENT_SESSION_KINDS.keys()])

/** The event of a callback; null when it means nothing to runs and is only acknowledged. */
export function toFollowerEvent(inbound: Inbound): FollowerEvent | null {
  const { kind } = inbound
  const scene = sceneOf(inbound)
  if (scene === null && !KINDS_WITHOUT_SCENE.has(kind) && !isErasure(kind)) return null
  return {
    kind,
    scene,
    text: inbound.kind === 'text' ? inbound.content : null,
    qrScene: 'qrScene' in inbound ? inbound.qrScene : null,
    eventKey: eventKeyOf(inbound),
  }
}

function eventKeyOf(inbound: Inbound): string | null {
  if (inbound.kind === 'text') return inbound.bizmsgmenuid
  return 'eventKey' in inbound && typeof inbound.eventKey === 'string' ? inbound.eventKey : null
}
