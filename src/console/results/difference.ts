import { LEAST_FOR_RATES } from './step-parts.ts'

interface Sample {
  entered: number
  goals: number
}

/** How much more goals a variant reached than the first one, in percentage points, with its 95% interval. */
export interface Difference {
  points: number
  low: number
  high: number
}

const Z_95 = 1.959964

/** The difference of two proportions with the interval of the normal distribution; null: too few have entered. */
export function difference(first: Sample, other: Sample): Difference | null {
  if (Math.min(first.entered, other.entered) < LEAST_FOR_RATES) return null
  const [p, q] = [first.goals / first.entered, other.goals / other.entered]
  const deviation = Math.sqrt((p * (1 - p)) / first.entered + (q * (1 - q)) / other.entered)
  const inPoints = (n: number) => Math.round(n * 1_000) / 10
  const d = q - p
  return { points: inPoints(d), low: inPoints(d - Z_95 * deviation), high: inPoints(d + Z_95 * deviation) }
}
