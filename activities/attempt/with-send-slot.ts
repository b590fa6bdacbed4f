import { Context } from '@temporalio/activity'
import { MINUTE_MS } from '../../src/shared/time-units.ts'
import type { ActivityDeps } from '../deps.ts'
import type { AttemptDeadline } from './attempt-deadline.ts'
import { currentRun } from './current-run.ts'
import { isLastTry, retryAfter } from './retry-after.ts'

/** Temporal considers a worker lost after `heartbeatTimeout` (`workflows/activity-calls.ts`) without a heartbeat. */
const HEARTBEAT_MS = 1_500

/**
 * Does work that calls WeChat, in one of the account's send slots and with heartbeats. Throws for a retry when no slot is
 * free. `onDeadline` gives the result when a retry would be too late.
 */
export async function withSendSlot<T>(
  deps: ActivityDeps,
  deadline: AttemptDeadline,
  onDeadline: (reason: string) => Promise<T>,
  work: () => Promise<T>,
): Promise<T> {
  const context = Context.current()
  const { appId } = currentRun()
  const slot = deps.throttle.acquire(appId, {
    lastTry: isLastTry(deadline),
    urgent: deadline.leftMs() <= MINUTE_MS,
  })
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
