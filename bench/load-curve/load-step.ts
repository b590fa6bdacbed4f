/** One step of the load curve: follows at an even rate, and what became of them. */
export interface LoadStep {
  /** Follows a second that were offered. */
  offered: number
  follows: number
  /** Messages a second, from the first follow to the last message. */
  served: number
  /** From a follow to its message at WeChat, ms. */
  lateness: { p50: number; p99: number }
  /** From a follow to the accepted answer to its callback, ms. */
  answered: { p50: number; p99: number }
  /** Followers who got no message. */
  missing: number
}
