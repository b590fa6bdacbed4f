import { ApplicationFailure } from '@temporalio/activity'
import { storableText } from '../../src/shared/text.ts'
import type { AttemptDeadline } from './attempt-deadline.ts'

const BACKOFF_MAX_MS = 30_000
/** The last try starts this much before the margin. */
const LAST_TRY_LEAD_MS = 400
/** An attempt that is this little early is the last try too. */
const EARLY_MS = 50

/** Types of the ApplicationFailures that a send throws; each is retried until the grant's margin. */
export type SendFailure =
  | 'Busy'
  | 'AccountStopped'
  | 'Deferred'
  | 'WechatFailed'
  | 'WechatUnclear'
  | 'RateLimited'

/** Throws for a retry after `delayMs`, no later than the last try before the margin; past that, `otherwise`. */
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
    // Temporal takes whole characters only.
    message: storableText(reason),
    nextRetryDelay: Math.max(1, Math.round(Math.min(delayMs, lastTryIn))),
    // Being kept back is no failure to count.
    ...(type === 'WechatFailed' || type === 'WechatUnclear' ? {} : { category: 'BENIGN' }),
  })
}

/** Again after 1 s, 2 s, 4 s …, at most 30 s: ms. @param failures how many have failed, from 1 */
export function backoff(failures: number): number {
  return Math.min(BACKOFF_MAX_MS, 1_000 * 2 ** Math.max(0, failures - 1))
}

/** No other attempt fits in before the margin: this one is made whatever keeps the account's sends away. */
export function isLastTry(deadline: AttemptDeadline): boolean {
  return deadline.leftMs() <= LAST_TRY_LEAD_MS + EARLY_MS
}
