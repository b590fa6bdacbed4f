const asked = process.env.PROPERTY_RUNS

/** How many cases a property test tries: 2,000, or more with `PROPERTY_RUNS` (`npm run properties`). */
export const PROPERTY_RUNS = Number(asked ?? 2_000)

/** The timeout of a property test, ms: far longer than its cases take. */
export const PROPERTY_TIMEOUT_MS = 60_000 + 300 * PROPERTY_RUNS

/**
 * How many cases a property tries whose cases are slow or need no 2,000 in `npm test`.
 * @param few in `npm test`
 * @param cost how many times slower a case is than a common one. `npm run properties` tries as many times fewer of them
 */
export function propertyRuns(few: number, cost = 1): number {
  return asked === undefined ? few : Math.ceil(PROPERTY_RUNS / cost)
}
