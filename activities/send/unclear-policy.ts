import type { UnclearAfter } from './verdict.ts'

/** A step with this many unreadable answers ends as unknown. */
const BAD_ANSWERS_MAX = 3

/**
 * Whether a step may be requested again after an unclear attempt: docs/contract.md#4-sending. With `retry`, a time-out or a
 * lost connection is retried once, a gateway's answer without limit, and an unreadable answer of WeChat twice. A retry
 * needs one message left in the grant. After an unreadable answer it needs two, so that one remains for later steps.
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
