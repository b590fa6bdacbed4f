interface Finding {
  subject: string
  problem: string
}

export interface Lateness {
  /** The active fault, or `none`. */
  fault: string
  ms: number
}

export interface Verdict {
  /** Accepted events and due steps that were neither handled nor skipped for a valid reason. */
  lost: Finding[]
  /** Repeated deliveries after a clear delivery; with `assume-sent` every repeated delivery. */
  duplicated: Finding[]
  /** Other broken guarantees: sends after an unfollow, beyond a grant or too early, and impossible states. */
  broken: Finding[]
  /** Why the run, although nothing was found in it, would prove too little. */
  unproven: Finding[]
  counts: Record<string, number>
  lateness: Lateness[]
}

/** Collects the verdict. */
export class VerdictRecorder {
  readonly verdict: Verdict = { lost: [], duplicated: [], broken: [], unproven: [], counts: {}, lateness: [] }

  lost(subject: string, problem: string): void {
    this.verdict.lost.push({ subject, problem })
  }

  duplicated(subject: string, problem: string): void {
    this.verdict.duplicated.push({ subject, problem })
  }

  broken(subject: string, problem: string): void {
    this.verdict.broken.push({ subject, problem })
  }

  unproven(subject: string, problem: string): void {
    this.verdict.unproven.push({ subject, problem })
  }

  late(fault: string, ms: number): void {
    this.verdict.lateness.push({ fault, ms })
  }

  count(name: string, by = 1): void {
    this.verdict.counts[name] = (this.verdict.counts[name] ?? 0) + by
  }
}
