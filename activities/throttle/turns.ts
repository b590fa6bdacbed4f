/** No denied send waits longer than this beyond the reason of its denial, ms. */
const WAIT_MAX_MS = 30_000

/**
 * Tells the denied sends of one account when to try again, one after another. If all came back after the same time, most of
 * them would be denied again, and each attempt costs Temporal and the worker as much as a send.
 */
export interface Turns {
  /**
   * The time until the next free turn, ms.
   * @param earliestMs no turn is earlier
   * @param spacingMs the time after the turn before
   */
  next(earliestMs: number, spacingMs: number): number
}

/**
 * @param now epoch ms
 * @param random from 0 to below 1: spreads the sends that would have to wait too long for a turn of their own
 */
export function createTurns(now: () => number, random: () => number): Turns {
  let last = Number.NEGATIVE_INFINITY
  return {
    next(earliestMs, spacingMs) {
      const asked = now()
      const earliest = asked + earliestMs
      const turn = Math.max(earliest, last + spacingMs)
      // Also when the clock was set back.
      if (turn > earliest + WAIT_MAX_MS) return Math.ceil(earliestMs + random() * WAIT_MAX_MS)
      last = turn
      return Math.ceil(turn - asked)
    },
  }
}
