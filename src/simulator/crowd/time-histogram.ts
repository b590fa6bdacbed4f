/** Bins for each doubling: a quantile is at most 9 % too high. */
const BINS_PER_DOUBLING = 8
/** Up to 131 s; longer times count as that. */
const BINS = 17 * BINS_PER_DOUBLING

/** How often times of which length occurred. A constant amount of memory. */
export class TimeHistogram {
  readonly #counts = new Uint32Array(BINS)
  #total = 0

  /** @param ms milliseconds */
  add(ms: number): void {
    const bin = Math.min(BINS - 1, Math.floor(Math.log2(Math.max(1, ms)) * BINS_PER_DOUBLING))
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1
    this.#total += 1
  }

  addAll(other: TimeHistogram): void {
    for (let bin = 0; bin < BINS; bin++)
      this.#counts[bin] = (this.#counts[bin] ?? 0) + (other.#counts[bin] ?? 0)
    this.#total += other.#total
  }

  /** The upper end of the bin that has the quantile, ms; null without any time. @param share 0 to 1 */
  quantile(share: number): number | null {
    if (this.#total === 0) return null
    let left = Math.ceil(this.#total * share)
    for (let bin = 0; bin < BINS; bin++) {
      left -= this.#counts[bin] ?? 0
      if (left <= 0) return Math.round(2 ** ((bin + 1) / BINS_PER_DOUBLING))
    }
    return null
  }
}
