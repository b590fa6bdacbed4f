/**
 * How long a test waits for a condition, ms. It is far longer than a passing test needs, so that a busy machine does not make
 * a test fail.
 */
export const WAIT_TIMEOUT_MS = 180_000

/** The timeout of a unit test, ms. */
export const UNIT_TIMEOUT_MS = 30_000

/**
 * The timeout of unit tests that bundle, start processes or try thousands of cases, ms. They set it with `vi.setConfig`.
 * `npm run properties` tries far more cases.
 */
export const SLOW_UNIT_TIMEOUT_MS = WAIT_TIMEOUT_MS + 300 * Number(process.env.PROPERTY_RUNS ?? 0)
