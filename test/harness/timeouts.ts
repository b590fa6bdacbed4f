/**
 * How long a test waits for what must come, ms. It parts what is broken from what is slow: a test that passes never waits
 * so long, and a machine that has little left for it must not fail it.
 */
export const WAIT_TIMEOUT_MS = 180_000
