import { monitorEventLoopDelay } from 'node:perf_hooks'
import { SECRETS } from './malformed-callbacks.ts'

/** The longest time for which one unit of work may block the event loop, ms. */
export const MAX_BLOCKING_MS = 100

/** The findings of a fuzz run. Each finding names its case, so that it can be reproduced. */
export interface Findings {
  found: string[]
  cases: number
  /** Number of cases by response status, or by outcome. */
  counts: Map<string, number>
  /** The longest time for which one unit of work blocked the event loop, ms. */
  longestMs: number
}

export function createFindings(): Findings {
  return { found: [], cases: 0, counts: new Map(), longestMs: 0 }
}

export function recordOutcome(findings: Findings, outcome: string): void {
  findings.cases += 1
  findings.counts.set(outcome, (findings.counts.get(outcome) ?? 0) + 1)
}

/** The name of a secret that a text contains; null when it contains none. */
export function secretIn(text: string): string | null {
  for (const [name, secret] of Object.entries(SECRETS)) if (text.includes(secret)) return name
  return null
}

/**
 * The time for which `work` blocks the event loop, ms of processor time. Slow work is measured again: garbage collection slows
 * one measurement, a slow parser slows all of them.
 */
export function blockingMs(work: () => void): number {
  const began = performance.now()
  work()
  let best = performance.now() - began
  for (let tries = 0; tries < 3 && best > MAX_BLOCKING_MS / 2; tries++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1_000)
  }
  return best
}

/** Records unhandled rejections, uncaught exceptions and the longest delay of the event loop. */
export function watchProcess(findings: Findings): { stop(): { longestDelayMs: number } } {
  const recordError = (what: string) => (err: unknown) => {
    findings.found.push(`${what}: ${err instanceof Error ? err.stack : String(err)}`)
  }
  const rejection = recordError('unhandled rejection')
  const exception = recordError('uncaught exception')
  process.on('unhandledRejection', rejection)
  process.on('uncaughtException', exception)
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  return {
    stop() {
      process.off('unhandledRejection', rejection)
      process.off('uncaughtException', exception)
      delay.disable()
      return { longestDelayMs: delay.max / 1e6 }
    },
  }
}
