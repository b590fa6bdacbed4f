import { type EventStamp, type EventTime, isOlder } from './plan.ts'

/**
 * A session with a human agent ends for us after so long at the latest: WeChat then pushes messages to the developer's URL
 * again. https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html (将消息转发到客服)
 */
export const AGENT_SESSION_MS = 30 * 60_000

/** A word on whether a human agent has the session; the newest counts, whatever order they come in. */
export type AgentSessionChange = Pick<EventTime, 'at' | 'seq' | 'aheadMs'> & { open: boolean }

/**
 * What a message that reaches us says: while an agent has the session, WeChat pushes messages to the agent and not to us
 * (same page), so there is none any more. One of the session's own second does not say it: it may be the very message that
 * was handed over, so it stands before every other word of its second.
 */
export function sessionEndImpliedBy({ at }: Pick<EventStamp, 'at'>): AgentSessionChange {
  return { open: false, at, seq: -1 }
}

/** Whether this word counts, after the one that is known. A word that was heard already does not. */
export function isNewerChange(known: EventStamp | null | undefined, change: EventStamp): boolean {
  return !known || isOlder(known, change)
}
