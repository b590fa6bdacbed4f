/** How many cases a property test tries: 2,000, or more with `PROPERTY_RUNS` (`npm run properties`). */
export const PROPERTY_RUNS = Number(process.env.PROPERTY_RUNS ?? 2_000)

/** The timeout of a property test, ms: far longer than its cases take. */
export const PROPERTY_TIMEOUT_MS = 60_000 + 300 * PROPERTY_RUNS
