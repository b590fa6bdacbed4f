const INTERVAL_MS = 50
/** A single long turn is remembered for as many intervals, so that the value does not drop between two long turns. */
const REMEMBERED = 5

/** How late timers of this process fire now: how long a new event waits for its turn. */
export class EventLoopLateness {
  readonly #recent: number[] = []
  readonly #timer: NodeJS.Timeout
  #expectedAt = performance.now() + INTERVAL_MS

  /** Measures until {@link stop}. Does not keep the process running. */
  constructor() {
    this.#timer = setInterval(() => this.#measure(), INTERVAL_MS).unref()
  }

  /** The longest lateness of the last intervals, including the current turn, ms. */
  get ms(): number {
    return Math.max(0, performance.now() - this.#expectedAt, ...this.#recent)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #measure(): void {
    const now = performance.now()
    this.#recent.push(Math.max(0, now - this.#expectedAt))
    if (this.#recent.length > REMEMBERED) this.#recent.shift()
    this.#expectedAt = now + INTERVAL_MS
  }
}
