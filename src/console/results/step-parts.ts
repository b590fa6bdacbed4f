import type { StepCounts } from '../../campaign/statistics/report.ts'
import { splitReasons } from '../overview/today.ts'

/** With fewer runs, shares say nothing: pages show numbers only. */
export const LEAST_FOR_RATES = 30
/** A step is marked when at least this share of its runs could not be sent to. */
const MARKED_SHARE = 0.1

/** What became of a step in all runs that may have it. */
export interface StepParts {
  sent: number
  /** Not due yet, or held. */
  open: number
  byDesign: number
  /** Of people who had left before. */
  left: number
  couldNot: number
  unknown: number
  /** Why most could not be sent, and their share of those; null: all were. */
  worst: { reason: string; share: number } | null
}

/** @param runs the runs that entered, and those of them that go on: only these have open steps */
export function stepParts(step: StepCounts, runs: { entered: number; active: number }): StepParts {
  const skips = splitReasons(step.skipped)
  const byDesign = sum(skips.byDesign)
  const left = sum(skips.left)
  const faults = [...skips.couldNot, ...Object.entries(step.failed)]
  const couldNot = sum(faults)
  const done = step.sent + step.unknown + byDesign + left + couldNot
  const [reason, most] = faults.sort(([, n], [, m]) => m - n)[0] ?? []
  return {
    sent: step.sent,
    open: Math.min(runs.active, Math.max(0, runs.entered - done)),
    byDesign,
    left,
    couldNot,
    unknown: step.unknown,
    worst: reason === undefined || most === undefined ? null : { reason, share: most / couldNot },
  }
}

/** The step that loses the most, if it loses enough to say so; -1: none. */
export function worstStep(parts: readonly StepParts[]): number {
  const lost = parts.map(({ couldNot, sent }) =>
    couldNot >= LEAST_FOR_RATES && couldNot >= (couldNot + sent) * MARKED_SHARE ? couldNot : 0,
  )
  const most = Math.max(0, ...lost)
  return most === 0 ? -1 : lost.indexOf(most)
}

const sum = (entries: readonly [string, number][]) => entries.reduce((total, [, n]) => total + n, 0)
