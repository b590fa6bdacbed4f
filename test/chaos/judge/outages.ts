import type { FaultRecord } from './evidence.ts'
import { overlaps, type Span, without } from './grant-spans.ts'

/** After a fault is over, leases, heartbeats and back-offs (30 s at most) run out. */
export const RECOVERY_MS = 10_000
/** How long around a request a fault may have made its outcome unknown to the product. */
const AROUND_MS = 11_000
/** Faults of callbacks delay no send. */
const HARMLESS = ['answers-lost', 'clocks-moved']

/** The times in which a fault was under way, or the product recovered from it. */
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

  /** What is left of `spans` outside of all outages. */
  outside(spans: readonly Span[]): Span[] {
    return without(spans, this.spans)
  }

  /** The fault that explains a delay: one that delays sends, if there was one. */
  faultDuring(span: Span): string {
    const kinds = this.spans.filter((outage) => overlaps(outage, span)).map(({ kind }) => kind)
    return kinds.find((kind) => !HARMLESS.includes(kind)) ?? kinds[0] ?? 'none'
  }
}
