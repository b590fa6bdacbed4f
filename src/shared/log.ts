import { type Logger, pino } from 'pino'

export type Log = Logger

/** One JSON line per event on standard error, so that `ready …` stands alone on standard output. */
export function createLog(level: string): Log {
  return pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
}
