interface Finding {
  subject: string
  problem: string
}

export interface Lateness {
  /** The fault that was under way, or `none`. */
  fault: string
  ms: number
}

export interface Verdict {
  /** Accepted or due, and neither delivered nor skipped for a true reason. */
  lost: Finding[]
  /** Delivered again although the delivery before was clear (or, with `assume-sent`, at all). */
  duplicated: Finding[]
  /** Other promises: sends after an unfollow, beyond a grant, too early, states that cannot be. */
  broken: Finding[]
  counts: Record<string, number>
  lateness: Lateness[]
}

/** Collects a verdict while the evidence is gone through. */
export class VerdictRecorder {
  readonly verdict: Verdict = { lost: [], duplicated: [], broken: [], counts: {}, lateness: [] }

  lost(subject: string, problem: string): void {
    this.verdict.lost.push({ subject, problem })
  }

  duplicated(subject: string, problem: string): void {
    this.verdict.duplicated.push({ subject, problem })
  }

  broken(subject: string, problem: string): void {
    this.verdict.broken.push({ subject, problem })
  }

  late(fault: string, ms: number): void {
    this.verdict.lateness.push({ fault, ms })
  }

  count(name: string, by = 1): void {
    this.verdict.counts[name] = (this.verdict.counts[name] ?? 0) + by
  }
}
