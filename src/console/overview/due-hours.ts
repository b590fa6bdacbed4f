import { HOUR_MS } from '../../shared/time-units.ts'
import type { OpenRun } from '../../store/runs/due-steps.ts'
import { selectGrant, useGrant } from '../../wechat/rules/ledger.ts'

/** How far ahead the overview looks. */
export const DUE_HOURS = 48

/** The messages that are due in one hour. */
export interface DueHour {
  /** The start of the hour, epoch ms. */
  at: number
  /** A grant of today's ledger pays for them. */
  payable: number
  /** Quiet hours have moved them here, and a grant pays for them. */
  deferred: number
  /** No grant pays for them, unless the follower writes before. */
  unpayable: number
}

/**
 * The planned messages of runs by hour, from the hour of `now` on. Steps whose time is not known yet, because they wait for a reply
 * or a branch, are not in it. Steps of one run use up its grants in their order.
 * @param factor how many runs each of these stands for
 */
export function dueHours(runs: readonly OpenRun[], now: number, factor = 1): DueHour[] {
  const first = Math.floor(now / HOUR_MS) * HOUR_MS
  const hours = Array.from({ length: DUE_HOURS }, (_, i) => ({
    at: first + i * HOUR_MS,
    payable: 0,
    deferred: 0,
    unpayable: 0,
  }))
  for (const run of runs) addRun(hours, run, first)
  if (factor === 1) return hours
  const scaled = (n: number) => Math.round(n * factor)
  return hours.map(({ at, payable, deferred, unpayable }) => ({
    at,
    payable: scaled(payable),
    deferred: scaled(deferred),
    unpayable: scaled(unpayable),
  }))
}

function addRun(hours: readonly DueHour[], run: OpenRun, first: number): void {
  const planned = run.steps
    .flatMap((step) =>
      step.state === 'pending' && step.dueAt !== null && !run.silent.includes(step.id)
        ? [{ dueAt: step.dueAt, isQuiet: step.quietSince !== undefined }]
        : [],
    )
    .sort((a, b) => a.dueAt - b.dueAt)
  let { ledger } = run
  for (const { dueAt, isQuiet } of planned) {
    const hour = hours[Math.floor((dueAt - first) / HOUR_MS)]
    if (!hour) continue
    const grant = selectGrant(ledger, dueAt)
    if (grant) ledger = useGrant(ledger, grant)
    hour[grant ? (isQuiet ? 'deferred' : 'payable') : 'unpayable'] += 1
  }
}
