import { ApplicationFailure } from '@temporalio/activity'
import { storableText } from '../../src/shared/text.ts'
import type { AttemptDeadline } from './attempt-deadline.ts'

const BACKOFF_MAX_MS = 30_000
/** The last attempt starts this long before the margin. */
const LAST_TRY_LEAD_MS = 400
/** An attempt that starts up to this much earlier is the last one too. */
const EARLY_MS = 50

/** Types of the ApplicationFailures that a send throws. Each is retried until the grant's margin. */
export type SendFailure =
  | 'Busy'
  | 'AccountStopped'
  | 'Deferred'
  | 'WechatFailed'
  | 'WechatUnclear'
  | 'RateLimited'
  | 'Typing'

/**
 * Throws for a retry after `delayMs`, or earlier at the last attempt before the margin.
 * @param delayMs wait before the retry, ms
 * @param onDeadline gives the result when the last attempt is over
 * @throws ApplicationFailure with `nextRetryDelay`
 */
export async function retryAfter<T>(
  deadline: AttemptDeadline,
  type: SendFailure,
  reason: string,
  delayMs: number,
  onDeadline: () => Promise<T>,
): Promise<T> {
  const lastTryIn = deadline.leftMs() - LAST_TRY_LEAD_MS
  if (lastTryIn <= 0) return onDeadline()
  throw ApplicationFailure.create({
    type,
    // Temporal refuses a message with a lone surrogate.
    message: storableText(reason),
    nextRetryDelay: Math.max(1, Math.round(Math.min(delayMs, lastTryIn))),
    // A deferred attempt is expected: Temporal's metrics and logs do not count it as a failure.
    ...(type === 'WechatFailed' || type === 'WechatUnclear' ? {} : { category: 'BENIGN' }),
  })
}

/**
 * The delay before the next attempt, ms: 1 s, 2 s, 4 s …, at most 30 s.
 * @param failures how many attempts have failed, from 1
 */
export function backoff(failures: number): number {
  return Math.min(BACKOFF_MAX_MS, 1_000 * 2 ** Math.max(0, failures - 1))
}

/** True when no later attempt fits before the margin. The throttle then lets this one through. */
export function isLastTry(deadline: AttemptDeadline): boolean {
  return deadline.leftMs() <= LAST_TRY_LEAD_MS + EARLY_MS
}
