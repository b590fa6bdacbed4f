import { pino } from 'pino'
import type { Log } from '../../src/shared/log.ts'

/** A log of level `debug` in memory. */
export interface CapturedLog {
  log: Log
  /** The lines since the last call. */
  take(): string
}

export function captureLog(): CapturedLog {
  let lines = ''
  const write = (line: string) => {
    lines += line
  }
  return {
    log: pino({ level: 'debug', base: undefined }, { write }),
    take() {
      const taken = lines
      lines = ''
      return taken
    },
  }
}
