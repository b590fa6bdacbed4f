/** Counts authenticated callbacks per second. */
export class ArrivalRate {
  readonly #now: () => number
  #second = 0
  #current = 0
  #previous = 0

  /** @param now a clock in ms */
  constructor(now: () => number) {
    this.#now = now
  }

  record(): void {
    this.#roll()
    this.#current += 1
  }

  /** The larger count of this second and the previous one. */
  perSecond(): number {
    this.#roll()
    return Math.max(this.#current, this.#previous)
  }

  #roll(): void {
    const second = Math.floor(this.#now() / 1_000)
    if (second === this.#second) return
    this.#previous = second === this.#second + 1 ? this.#current : 0
    this.#current = 0
    this.#second = second
  }
}
