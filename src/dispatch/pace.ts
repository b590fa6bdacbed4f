import type { ReadRunBacklog } from '../temporal/run-backlog.ts'

/** Runs that may wait in Temporal for a worker: what workers on two cores serve in about two seconds. */
const MAX_BACKLOG = 100
/** The wait until Temporal is asked again, while workers are behind. */
export const BEHIND_POLL_MS = 500
/** Even then, so many events are dispatched in between: the number may be wrong. */
const BEHIND_EVENTS = 4

/**
 * Keeps dispatching from running ahead of the workers. A run that is started but not served has cost as much as a message,
 * and it waits behind all others. An event in the inbox still has its turn: the inbox serves accounts in turn, and recent
 * events first.
 */
export class DispatchPace {
  readonly #readBacklog: ReadRunBacklog
  readonly #now: () => number
  #room = MAX_BACKLOG
  #readAt = Number.NEGATIVE_INFINITY

  /** @param now a clock that never goes back, ms */
  constructor(readBacklog: ReadRunBacklog, now: () => number = () => performance.now()) {
    this.#readBacklog = readBacklog
    this.#now = now
  }

  /** How many events may be dispatched now. 0: ask again after `BEHIND_POLL_MS`. */
  async room(): Promise<number> {
    if (this.#room > 0) return this.#room
    if (this.#now() - this.#readAt < BEHIND_POLL_MS) return 0
    this.#readAt = this.#now()
    // An outage of Temporal has its own wait.
    const backlog = await this.#readBacklog().catch(() => 0)
    this.#room = Math.max(BEHIND_EVENTS, MAX_BACKLOG - backlog)
    return this.#room
  }

  /** Counts events that are dispatched. */
  spend(events: number): void {
    this.#room = Math.max(0, this.#room - events)
  }
}
