import type { Log } from './log.ts'

const INTERVAL_MS = 1_000
/** Bounds the memory. There are far fewer kinds. */
const MAX_KINDS = 1_000

export type RateLimitedLog = (
  level: 'warn' | 'error',
  kind: string,
  fields: Record<string, unknown>,
  message: string,
) => void

/** Writes at most one line per kind and second. The next line has the number of lines left out: `suppressed`. */
export function createRateLimitedLog(log: Log, now: () => number): RateLimitedLog {
  const kinds = new Map<string, { at: number; suppressed: number }>()
  return (level, kind, fields, message) => {
    const previous = kinds.get(kind)
    const at = now()
    // A clock that is set back must not silence the log.
    if (previous && at >= previous.at && at - previous.at < INTERVAL_MS) {
      previous.suppressed += 1
      return
    }
    if (!previous && kinds.size >= MAX_KINDS) kinds.clear()
    kinds.set(kind, { at, suppressed: 0 })
    log[level](previous?.suppressed ? { ...fields, suppressed: previous.suppressed } : fields, message)
  }
}
