/** Steps that were due this long before or after a moment were handled under the same conditions, ms. */
const NEAR_MS = 5_000

/** A step that was sent. Times are epoch ms. */
interface Sample {
  /** When it could be sent. */
  from: number
  sentAt: number
}

/** How late the product sent the steps of a chaos run, to judge a step that it did not send by those that it sent. */
export class MeasuredLateness {
  private readonly samples: Sample[] = []
  private greatestWithoutFault = 0

  /** @param withoutFault whether no fault was active between the two times */
  add(sample: Sample, withoutFault: boolean): void {
    this.samples.push(sample)
    if (withoutFault) this.greatestWithoutFault = Math.max(this.greatestWithoutFault, latenessOf(sample))
  }

  /**
   * How late a step that could be sent at this moment may have been, ms: as late as any step that was due, or still waiting,
   * near it, or as late as any step of the run that no fault delayed. The few steps near a moment are a small sample.
   */
  around(at: number): number {
    const near = this.samples.filter(({ from, sentAt }) => from <= at + NEAR_MS && sentAt >= at - NEAR_MS)
    return Math.max(this.greatestWithoutFault, ...near.map(latenessOf))
  }
}

function latenessOf({ from, sentAt }: Sample): number {
  return Math.max(0, sentAt - from)
}
