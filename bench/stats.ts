import { table } from '../src/cli/table.ts'

/** One measured figure, with the reference that was measured in the same run. Times in ms. */
export interface Figure {
  name: string
  unit: string
  value: number
  /** What the value is compared with; absent: nothing. */
  reference?: { name: string; value: number }
  /** The project's own target. */
  aim?: string
}

/** The value at or below which `share` (0 to 1) of the samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Runs `work` and measures its time, ms. */
export async function measureTime<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const began = performance.now()
  const result = await work()
  return { ms: performance.now() - began, result }
}

/** Runs `work` `count` times, `concurrency` at a time. */
export async function runConcurrently(
  count: number,
  concurrency: number,
  work: (i: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}

/** The figures as a text table. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, reference, aim }) => [
    name,
    round(value),
    unit,
    reference && `${reference.name}: ${round(reference.value)}`,
    reference && (value / reference.value).toFixed(1),
    aim,
  ])
  return table(['figure', 'value', 'unit', 'reference', 'ratio', 'aim'], rows)
}

function round(x: number): string {
  return x >= 100 ? x.toFixed(0) : x.toFixed(1)
}

/** The middle of the samples. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5)
}
