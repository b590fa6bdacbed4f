const BACKOFF_MIN_MS = 500
const BACKOFF_MAX_MS = 15_000

/**
 * How long to wait after a failure, ms. It doubles with each failure, up to 15 s.
 * @param failures consecutive failures, 1 for the first
 */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(failures - 1, 10))
}

/** An outage of Temporal: its reason, and when the next call may be made. */
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

  /** Records a failed call. @returns when Temporal may be called again, epoch ms */
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

  /** When Temporal may be called again, epoch ms; null when it may be called now. */
  waitUntil(): number | null {
    const waitMs = this.#until - this.#now()
    // A wait longer than any backoff means that the clock was set back.
    return this.#reason !== null && waitMs > 0 && waitMs <= BACKOFF_MAX_MS ? this.#until : null
  }
}
