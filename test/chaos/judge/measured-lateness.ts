/** Steps that were due this long before or after a moment were handled under the same conditions, ms. */
const NEAR_MS = 5_000

/** How late the product sent the steps of a chaos run, to judge a step that it did not send by those around it. */
export class MeasuredLateness {
  private readonly samples: { due: number; ms: number }[] = []

  /** @param due when the step could be sent, epoch ms; `ms`: how much later it was */
  add(due: number, ms: number): void {
    this.samples.push({ due, ms })
  }

  /** The greatest lateness of the sent steps that were due, or still waiting, near this moment, ms; 0 without such a step. */
  around(at: number): number {
    const near = this.samples.filter(({ due, ms }) => due <= at + NEAR_MS && due + ms >= at - NEAR_MS)
    return Math.max(0, ...near.map(({ ms }) => ms))
  }
}
