/**
 * How long a test waits for what must come, ms. It separates what is broken from what is slow: a test that passes never
 * waits so long, and a busy machine must not fail it.
 */
export const WAIT_TIMEOUT_MS = 180_000

/** How long a unit test may take, ms. */
export const UNIT_TIMEOUT_MS = 10_000

/** The same for the few that bundle, start processes or try thousands of cases; they set it with `vi.setConfig`. */
export const SLOW_UNIT_TIMEOUT_MS = 60_000
