import type { Arrival } from './receiver.ts'

/** What arrived of the messages of a stage. */
export interface Tally {
  expected: number
  /** Did not arrive. */
  missing: number
  /** Arrivals beyond the first of a message. */
  twice: number
  /** Messages that were cancelled in time and arrived nevertheless. */
  cancelledButSent: number
}

/** Counts the arrivals of a stage. Arrivals with other ids belong to other stages. */
export function tally(
  expected: readonly string[],
  arrivals: readonly Arrival[],
  cancelled: readonly string[] = [],
): Tally {
  const counts = countArrivals(arrivals)
  const arrived = expected.map((id) => counts.get(id) ?? 0)
  return {
    expected: expected.length,
    missing: arrived.filter((count) => count === 0).length,
    twice: arrived.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
    cancelledButSent: cancelled.filter((id) => counts.has(id)).length,
  }
}

/** How many of these messages have arrived. */
export function countArrived(expected: readonly string[], arrivals: readonly Arrival[]): number {
  const counts = countArrivals(arrivals)
  return expected.filter((id) => counts.has(id)).length
}

/** The lateness of each message's first arrival, ms; negative when it came before it was due. */
export function latenessOf(dueAt: ReadonlyMap<string, number>, arrivals: readonly Arrival[]): number[] {
  const first = new Map<string, number>()
  for (const { id, at } of arrivals) first.set(id, Math.min(at, first.get(id) ?? Number.POSITIVE_INFINITY))
  return [...dueAt].flatMap(([id, due]) => {
    const at = first.get(id)
    return at === undefined ? [] : [at - due]
  })
}

/** A figure of several rounds. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** null when no round has the figure. Of an even number of values, the median is the mean of the two in the middle. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const sorted = values.filter((v) => v !== null).sort((a, b) => a - b)
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (min === undefined || max === undefined) return null
  const upper = sorted[Math.floor(sorted.length / 2)] ?? max
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? min
  return { median: (lower + upper) / 2, min, max }
}

function countArrivals(arrivals: readonly Arrival[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { id } of arrivals) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}
