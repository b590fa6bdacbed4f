import type { Log } from '../shared/log.ts'
import { createRateLimitedLog } from '../shared/rate-limited-log.ts'

/** Where a request was refused, and why. Each pair is one series of the metric: both come from here, never from callers. */
export const REFUSALS = {
  /** Bearer tokens at `/api`, `/metrics` and the codec. */
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
    /** From where; null: no connection, but this process. */
    address: string | null
    /** Who it was, where that is known. */
    actor?: string
  }
}[Where]

export interface Refusals {
  /** Counts a refusal, and writes one line a second at most of each kind; the next says how many were left out. */
  record(refusal: Refusal): void
}

/** What was refused leaves a trace: in the metric each time, in the log so that a flood does not fill the disk. */
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
