/**
 * What the product may cost at most, counted. Counts do not depend on the machine, so tests in CI compare with these limits.
 * Lower a limit after a change that makes the product cheaper.
 */
export const COST_LIMITS = {
  /**
   * A run of five steps, encrypted. Six events are of the clock that the bench advances. Bytes may differ by
   * `BYTES_TOLERANCE`. Actions are counted as by Temporal Cloud.
   */
  run: { events: 44, transitions: 19, bytes: 6_900, actions: 13 },
  /** Statements of the store. */
  statements: {
    /** For an event that is dispatched. */
    event: 3,
    /** For a send whose account and campaign the process knows. */
    send: 2,
  },
}

/** Names and numbers in a history differ in length from run to run. */
export const BYTES_TOLERANCE = 1.03

/** A run with forks, compared with one that sends as many messages without them. */
export const FORK_LIMITS = { events: 1.15, bytes: 1.2 }
