import type { viewRun } from '../api/views/follower-view.ts'
import { MINUTE_MS } from '../shared/time-units.ts'

type RunView = ReturnType<typeof viewRun>

/** What is known of the times of a run, epoch ms where they are numbers. */
interface Known {
  /** By this machine's clock. */
  clock: number
  /** When the run was entered. It may have no event: those are purged, and some runs begin without one. */
  enteredAt: number
  run: Pick<RunView, 'steps' | 'forks' | 'ledger' | 'goal'>
  events: readonly { at: number }[]
}

/**
 * The time of a follower's clock, as far as it is known. In a simulation it is ahead of this machine's after a fast-forward, and what
 * has happened last is then the best known time. A step is held for want of a grant when it is due.
 */
export function knownNow({ clock, enteredAt, run, events }: Known): number {
  const happened = [
    ...run.steps.flatMap(({ state, reason, sentAt, dueAt }) =>
      timesIn(sentAt, state === 'held' && reason === 'no-grant' ? dueAt : null),
    ),
    ...(run.forks ?? []).flatMap(({ takenAt }) => timesIn(takenAt)),
    ...run.ledger.flatMap(({ grantedAt }) => timesIn(grantedAt)),
    ...timesIn(run.goal?.at ?? null),
    ...events.map(({ at }) => at),
  ]
  return happened.reduce((latest, at) => Math.max(latest, at), Math.max(clock, enteredAt))
}

const timesIn = (...times: (string | null)[]): number[] =>
  times.flatMap((at) => (at === null ? [] : [Date.parse(at)]))

/** Clocks of machines differ a little: only more than that is a fast-forward. */
export const isFastForwarded = (now: number, clock: number): boolean => now - clock > MINUTE_MS
