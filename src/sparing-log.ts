import type { Log } from './log.ts'

const EVERY_MS = 1_000
/** Far more kinds than there are; a bound all the same. */
const MOST_KINDS = 1_000

export type SparingLog = (
  level: 'warn' | 'error',
  kind: string,
  fields: Record<string, unknown>,
  message: string,
) => void

/** Writes one line of a kind a second at most: the next one says how many (`more`) were left out before it. */
export function createSparingLog(log: Log, now: () => number): SparingLog {
  const kinds = new Map<string, { at: number; more: number }>()
  return (level, kind, fields, message) => {
    const known = kinds.get(kind)
    const at = now()
    // A clock that is set back must not silence the log.
    if (known && at >= known.at && at - known.at < EVERY_MS) {
      known.more += 1
      return
    }
    if (!known && kinds.size >= MOST_KINDS) kinds.clear()
    kinds.set(kind, { at, more: 0 })
    log[level](known?.more ? { ...fields, more: known.more } : fields, message)
  }
}
