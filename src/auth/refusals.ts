import type { Log } from '../shared/log.ts'
import { createRateLimitedLog } from '../shared/rate-limited-log.ts'

/** Where requests are refused, and why. Each pair is a series of the metric, so callers cannot add values. */
export const REFUSALS = {
  /** Bearer tokens of `/api` and `/metrics`. */
  api: ['none', 'wrong', 'expired', 'wait', 'role'],
  codec: ['none', 'wrong', 'expired', 'wait', 'role', 'origin'],
  'sign-in': ['wrong', 'wait'],
  'second-factor': ['wrong', 'wait', 'over'],
  /** Pages and forms of the console. */
  console: ['role', 'origin'],
} as const
type Where = keyof typeof REFUSALS

type Refusal = {
  [W in Where]: {
    where: W
    reason: (typeof REFUSALS)[W][number]
    /** The client's address; null: a call within this process. */
    address: string | null
    /** The authenticated caller, if known. */
    actor?: string
  }
}[Where]

export interface Refusals {
  /** Counts a refusal. Logs at most one line a second of each kind; the next line has the number of suppressed ones. */
  record(refusal: Refusal): void
}

/** Records refused requests in the metric and in the log. The log is limited, so that a burst does not fill the disk. */
export function createRefusals(deps: {
  log: Log
  now: () => number
  count: (where: string, reason: string) => void
}): Refusals {
  const logLimited = createRateLimitedLog(deps.log, deps.now)
  return {
    record({ where, reason, ...fields }) {
      deps.count(where, reason)
      logLimited('warn', `${where} ${reason}`, { where, reason, ...fields }, 'request refused')
    },
  }
}
