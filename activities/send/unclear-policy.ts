import type { UnclearAfter } from './verdict.ts'

/** A step with this many unreadable answers ends as unknown. */
const BAD_ANSWERS_MAX = 3

/**
 * Whether a step may be requested again after an unclear attempt: docs/contract.md#4-sending. With `retry`, the quota allows
 * one more attempt after a time-out or a lost connection, and any number after a gateway's answer. After an unreadable
 * answer of WeChat it allows two more, and keeps one message of the grant for later steps.
 * @param unclear unclear attempts of this step so far, including this one
 * @param quotaLeft messages that the grant has left
 */
export function mayRetryUnclear(
  onUnknown: 'retry' | 'assume-sent',
  after: UnclearAfter,
  { unclear, quotaLeft }: { unclear: number; quotaLeft: number },
): boolean {
  if (onUnknown === 'assume-sent' || quotaLeft < 1) return false
  if (after === 'answer') return unclear < BAD_ANSWERS_MAX && quotaLeft > 1
  return after === 'http' || unclear < 2
}
