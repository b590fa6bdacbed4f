/** The time that one attempt has left, by the follower's clock. */
export interface AttemptDeadline {
  /** Now by the follower's clock, epoch ms. */
  now(): number
  /** Time left until the grant's margin, ms. Negative after it. */
  leftMs(): number
  /** Real time since this attempt started, ms. */
  runningMs(): number
}

/**
 * Counts down from the time that was left when the workflow decided. It never compares the grant's end with this machine's
 * clock: a follower's clock may be ahead (fast-forward), and the clocks of two machines differ. Time in the task queue is
 * measured by this machine's clock, and counts as zero when that clock is behind.
 *
 * @param decided `now` and `leftMs` by the follower's clock, when the workflow decided
 * @param info the activity task's two times by the Temporal server's clock
 */
export function attemptDeadline(
  decided: { now: number; leftMs: number },
  info: { scheduledTimestampMs: number; currentAttemptScheduledTimestampMs: number },
  clocks: { now: () => number; monotonic: () => number } = {
    now: Date.now,
    monotonic: () => performance.now(),
  },
): AttemptDeadline {
  const startedAt = clocks.monotonic()
  const earlierAttemptsMs = Math.max(0, info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs)
  const queuedMs = Math.max(0, clocks.now() - info.currentAttemptScheduledTimestampMs)
  const runningMs = () => clocks.monotonic() - startedAt
  const elapsedMs = () => earlierAttemptsMs + queuedMs + runningMs()
  return {
    now: () => Math.round(decided.now + elapsedMs()),
    leftMs: () => decided.leftMs - elapsedMs(),
    runningMs,
  }
}
