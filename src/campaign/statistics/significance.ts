/** The result of a variant, or of the first one. */
interface Sample {
  entered: number
  goals: number
}

/** Fewer say nothing: docs/campaigns.md#tests-of-two-texts. */
const LEAST_ENTERED = 100
/** The normal distribution fits a proportion from about this many expected cases of each kind. */
const LEAST_EXPECTED = 5

/**
 * The two-proportion z-test (pooled): how probable a difference like this, or a larger one in either direction, is between equal
 * variants. Source: NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3
 * (https://www.itl.nist.gov/div898/handbook/prc/section3/prc33.htm).
 * @returns p, from 0 to 1; null while the samples are too small
 */
export function pValue(first: Sample, other: Sample): number | null {
  const samples = [first, other]
  const share = (first.goals + other.goals) / (first.entered + other.entered)
  const isEnough = samples.every(
    ({ entered }) => entered >= LEAST_ENTERED && entered * Math.min(share, 1 - share) >= LEAST_EXPECTED,
  )
  if (!isEnough) return null
  const deviation = Math.sqrt(share * (1 - share) * (1 / first.entered + 1 / other.entered))
  const z = (first.goals / first.entered - other.goals / other.entered) / deviation
  return complementaryError(Math.abs(z) / Math.SQRT2)
}

/**
 * erfc(x) for x ≥ 0, with an error below 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, formula 7.1.26
 * (https://personal.math.ubc.ca/~cbm/aands/page_299.htm). No library for it is small: the ones that are kept have dozens of packages.
 */
function complementaryError(x: number): number {
  const t = 1 / (1 + 0.3275911 * x)
  const factors = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429]
  const sum = factors.reduceRight((inner, factor) => t * (factor + inner), 0)
  return sum * Math.exp(-x * x)
}
