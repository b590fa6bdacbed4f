import type { Scene } from '../wechat/rules/rules.ts'
import type { EventName, RunEvent } from './event-matcher.ts'
import type { Interaction } from './plan.ts'

const EVENT_OF_SCENE: Readonly<Record<Scene, EventName | null>> = {
  subscribe: 'subscribe',
  scan: 'scan',
  menu: 'click',
  message: 'message',
  pay: null,
}

/** An interaction as an event that filters compare; null when no filter names its kind. */
export function eventOfInteraction(interaction: Interaction, at: number): RunEvent | null {
  const { scene, text, eventKey = null, qrScene = null } = interaction
  const event = EVENT_OF_SCENE[scene]
  return event && { event, at, text, eventKey, qrScene }
}
