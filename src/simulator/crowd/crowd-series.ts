import { TimeHistogram } from './time-histogram.ts'

/** Points of a chart. When they are used up, each two become one, so that a long crowd has no more memory than a short one. */
const MOST_POINTS = 180

interface Point {
  accepted: number
  messages: number
  waiting: number
  served: number
  delays: TimeHistogram
}

/** The charts of a crowd. Rates are a second; times in ms; null where nothing arrived. */
export interface CrowdCharts {
  stepMs: number
  accepted: number[]
  messages: number[]
  waiting: number[]
  served: number[]
  p50: (number | null)[]
  p99: (number | null)[]
}

/** What happened in each second of a crowd. */
export class CrowdSeries {
  readonly #startedAt: number
  #stepMs = 1_000
  #points: Point[] = [newPoint()]

  /** @param startedAt epoch ms */
  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  count(what: 'accepted' | 'messages', now: number): void {
    this.#pointOf(now)[what] += 1
  }

  delay(ms: number, now: number): void {
    this.#pointOf(now).delays.add(ms)
  }

  /** How many wait for their first message, and how many have got it, at the end of the second. */
  mark(totals: { waiting: number; served: number }, now: number): void {
    Object.assign(this.#pointOf(now), totals)
  }

  charts(): CrowdCharts {
    const perSecond = (n: number) => Math.round((n * 10_000) / this.#stepMs) / 10
    return {
      stepMs: this.#stepMs,
      accepted: this.#points.map((p) => perSecond(p.accepted)),
      messages: this.#points.map((p) => perSecond(p.messages)),
      waiting: this.#points.map((p) => p.waiting),
      served: this.#points.map((p) => p.served),
      p50: this.#points.map((p) => p.delays.quantile(0.5)),
      p99: this.#points.map((p) => p.delays.quantile(0.99)),
    }
  }

  #pointOf(now: number): Point {
    let index = this.#indexOf(now)
    while (index >= MOST_POINTS) {
      this.#points = merged(this.#points)
      this.#stepMs *= 2
      index = this.#indexOf(now)
    }
    while (this.#points.length <= index) {
      const { waiting, served } = this.#points.at(-1) ?? newPoint()
      this.#points.push({ ...newPoint(), waiting, served })
    }
    // The loop has filled it.
    return this.#points[index] as Point
  }

  #indexOf(now: number): number {
    return Math.max(0, Math.floor((now - this.#startedAt) / this.#stepMs))
  }
}

function newPoint(): Point {
  return { accepted: 0, messages: 0, waiting: 0, served: 0, delays: new TimeHistogram() }
}

function merged(points: readonly Point[]): Point[] {
  const pairs: Point[] = []
  for (let i = 0; i < points.length; i += 2) {
    const [a, b] = [points[i], points[i + 1]]
    if (!a) continue
    if (b) a.delays.addAll(b.delays)
    const { waiting, served } = b ?? a
    pairs.push({
      accepted: a.accepted + (b?.accepted ?? 0),
      messages: a.messages + (b?.messages ?? 0),
      waiting,
      served,
      delays: a.delays,
    })
  }
  return pairs
}
