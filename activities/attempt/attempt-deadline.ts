/** One attempt's view of time, in the follower's clock. */
export interface AttemptDeadline {
  /** The follower's clock now, epoch ms. */
  now(): number
  /** Time left until the grant's margin, ms; negative when it is over. */
  leftMs(): number
  /** Real time since this attempt began, ms. */
  runningMs(): number
}

/**
 * The workflow says how much time was left when it asked for the send; the attempt counts down from there. It never
 * compares the grant's end with this machine's clock: a follower's clock may be ahead of it (fast-forward), and clocks
 * of two machines differ. Waiting in the queue is seen as far as this machine's clock shows it.
 *
 * @param decided `now` and `leftMs` when the workflow decided, in the follower's clock
 * @param info the two server times of the activity task
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
