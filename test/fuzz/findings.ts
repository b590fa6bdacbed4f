import { monitorEventLoopDelay } from 'node:perf_hooks'
import { SECRETS } from './malformed-callbacks.ts'

/** One piece of work may hold the event loop so long, ms. */
export const MAX_BLOCKING_MS = 100

/** What a run has found; each finding tells how to see it again. */
export interface Findings {
  found: string[]
  cases: number
  /** By status of the answer, or by outcome. */
  counts: Map<string, number>
  /** The longest that a single piece of work held the event loop, ms. */
  longestMs: number
}

export function createFindings(): Findings {
  return { found: [], cases: 0, counts: new Map(), longestMs: 0 }
}

export function recordOutcome(findings: Findings, outcome: string): void {
  findings.cases += 1
  findings.counts.set(outcome, (findings.counts.get(outcome) ?? 0) + 1)
}

/** A secret that stands in a text, by its name; null when there is none. */
export function secretIn(text: string): string | null {
  for (const [name, secret] of Object.entries(SECRETS)) if (text.includes(secret)) return name
  return null
}

/**
 * How long `work` holds the event loop, ms of processor time. A long one is done again: the garbage collector makes one
 * run slow, a slow parser makes all of them slow.
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

/** Hears of rejections that nobody handles and of errors that nobody catches, and of the loop's longest delay. */
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
