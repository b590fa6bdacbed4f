import { type Logger, pino } from 'pino'

export type Log = Logger

/** Writes one JSON line per event to standard error. Standard output has only the line `ready …`. */
export function createLog(level: string): Log {
  return pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
}
