import { Context } from '@temporalio/activity'
import type { AttemptClock } from './attempt-clock.ts'
import { isLastTry, later } from './later.ts'
import type { ActivityDeps } from './ports.ts'
import { whoseRun } from './send-input.ts'

/** A worker that died is noticed after `heartbeatTimeout` (workflow) without one of these. */
const HEARTBEAT_MS = 1_500

/**
 * Does work that asks WeChat: in a place of the account's share, with heartbeats for as long as it takes. Without a place it
 * fails with a time to come back; `noTime` gives the result when that would be too late.
 */
export async function inPlace<T>(
  deps: ActivityDeps,
  clock: AttemptClock,
  noTime: (reason: string) => Promise<T>,
  work: () => Promise<T>,
): Promise<T> {
  const context = Context.current()
  const place = deps.gate.enter(whoseRun().appId, { lastTry: isLastTry(clock) })
  if ('busy' in place) return later(clock, 'Busy', place.busy, place.waitMs, () => noTime(place.busy))
  const heart = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(heart)
    place.leave()
  }
}
