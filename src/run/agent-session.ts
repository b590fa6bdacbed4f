import { correctedTime, type EventStamp, type EventTime, isOlder } from './plan.ts'

/**
 * WeChat ends a session with a human agent after this time without a message, and then pushes messages to the developer's
 * URL again: https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html (将消息转发到客服).
 */
export const AGENT_SESSION_MS = 30 * 60_000

/** A human agent took over the session (`open`), or closed it. The newest change counts, in whatever order they arrive. */
export interface AgentSessionChange extends EventTime {
  open: boolean
}

/**
 * The change that a follower's message implies. While an agent has the session, WeChat pushes messages to the agent only
 * (same page). A message that arrives here therefore means that the session is closed. A message may itself have opened a
 * session in the same second, so it sorts before every other change of its second.
 */
export function sessionEndImpliedBy({ at }: Pick<EventStamp, 'at'>): AgentSessionChange {
  return { open: false, at, seq: -1 }
}

/** True when a change is newer than the known one; false when it is the known one. */
export function isNewerChange(known: EventStamp | null | undefined, change: EventStamp): boolean {
  return !known || isOlder(known, change)
}

/** When the agent's session expires, epoch ms by this machine's clock; null while no agent has the session. */
export function agentSessionEnd(session: AgentSessionChange | null): number | null {
  return session?.open ? correctedTime(session) + AGENT_SESSION_MS : null
}
