import { Context } from '@temporalio/activity'
import type { ActivityDeps } from '../deps.ts'
import { currentRun } from '../send/send-input.ts'
import type { AttemptDeadline } from './attempt-deadline.ts'
import { isLastTry, retryAfter } from './retry-after.ts'

/** A worker that died is noticed after `heartbeatTimeout` (workflow) without one of these. */
const HEARTBEAT_MS = 1_500

/**
 * Does work that asks WeChat: in a place of the account's share, with heartbeats for as long as it takes. Without a place it
 * fails with a time to come back; `noTime` gives the result when that would be too late.
 */
export async function withSendSlot<T>(
  deps: ActivityDeps,
  deadline: AttemptDeadline,
  onDeadline: (reason: string) => Promise<T>,
  work: () => Promise<T>,
): Promise<T> {
  const context = Context.current()
  const slot = deps.throttle.acquire(currentRun().appId, { lastTry: isLastTry(deadline) })
  if ('denied' in slot)
    return retryAfter(deadline, 'Busy', slot.denied, slot.waitMs, () => onDeadline(slot.denied))
  const heartbeat = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    slot.release()
  }
}
