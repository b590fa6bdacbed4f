import type { FaultRecord } from './evidence.ts'
import { overlaps, type Span, without } from './grant-spans.ts'

/** The time after a fault in which leases, heartbeats and back-offs expire. */
export const RECOVERY_MS = 10_000
/** A fault within this time of a request may have made its result unknown to the product. */
const AROUND_MS = 11_000
/** Faults of callbacks, which delay no send. */
const HARMLESS = ['answers-lost', 'clocks-moved']

/** The times during a fault, and until the product had recovered from it. */
export class Outages {
  private readonly spans: (Span & { kind: string })[]

  constructor(faults: readonly FaultRecord[]) {
    this.spans = faults.map(({ kind, from, to }) => ({ kind, from, to: to + RECOVERY_MS }))
  }

  during(span: Span): boolean {
    return this.spans.some((outage) => overlaps(outage, span))
  }

  around(at: number): boolean {
    return this.during({ from: at - AROUND_MS, to: at + AROUND_MS })
  }

  shortlyBefore(at: number): boolean {
    return this.during({ from: at - AROUND_MS, to: at })
  }

  /** The parts of `spans` outside of all outages. */
  outside(spans: readonly Span[]): Span[] {
    return without(spans, this.spans)
  }

  /** The fault that explains a delay. Faults that delay sends come first. */
  faultDuring(span: Span): string {
    const kinds = this.spans.filter((outage) => overlaps(outage, span)).map(({ kind }) => kind)
    return kinds.find((kind) => !HARMLESS.includes(kind)) ?? kinds[0] ?? 'none'
  }
}
