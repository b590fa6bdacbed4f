const BACKOFF_MIN_MS = 500
const BACKOFF_MAX_MS = 15_000

/** How long to wait after a failure, ms: twice as long after each, up to 15 s. `failures`: 1 for the first. */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(failures - 1, 10))
}

/** While Temporal takes nothing: why, and until when nothing is sent there. */
export class TemporalOutage {
  readonly #now: () => number
  #reason: string | null = null
  #failures = 0
  #until = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Null while Temporal answers. */
  get reason(): string | null {
    return this.#reason
  }

  /** Another call failed. @returns when Temporal may be called again, epoch ms */
  extend(reason: string): number {
    this.#reason = reason
    this.#failures += 1
    this.#until = this.#now() + backoffMs(this.#failures)
    return this.#until
  }

  end(): void {
    this.#reason = null
    this.#failures = 0
  }

  /** When Temporal may be called again, epoch ms; null: now. */
  waitUntil(): number | null {
    const waitMs = this.#until - this.#now()
    // A longer wait than any backoff: the clock was put back meanwhile.
    return this.#reason !== null && waitMs > 0 && waitMs <= BACKOFF_MAX_MS ? this.#until : null
  }
}
