import type { Log } from '../shared/log.ts'
import type { Db } from '../store/db.ts'
import { claimJob, releaseJob } from '../store/settings/job-leases.ts'

/** Work that one process at a time does periodically. Intervals and leases in ms. */
export interface PeriodicJob {
  name: string
  everyMs: number
  /** Longer than the work may take. When a process dies during the work, the others wait this long. */
  leaseMs: number
  /**
   * @param context.lastRunAt epoch ms of the last successful run; null when there was none
   * @returns `unfinished`: work is left, and the job is due again at once, after the other jobs
   */
  run(context: { lastRunAt: number | null }): Promise<void> | Promise<'finished' | 'unfinished'>
}

/** How long one round of a purge may work, so that the other jobs of its process are not late. Shorter than its lease. */
export const ROUND_BUDGET_MS = 15_000

const POLL_MS = 5_000

/** Runs the jobs by leases in the store, so that any number of processes may run this loop. */
export function createPeriodicJobs(deps: {
  db: Db
  ownerId: string
  now: () => number
  log: Log
  jobs: readonly PeriodicJob[]
}) {
  const { db, ownerId, now, log, jobs } = deps
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false

  async function runDueJobs(): Promise<void> {
    for (const job of jobs) {
      if (stopped) return
      try {
        const claim = await claimJob(db, { ...job, ownerId, now: now() })
        if (!claim) continue
        const ranAt = now()
        const done = await runToEnd(job, claim)
        await releaseJob(db, job.name, ownerId, done ? ranAt : null)
      } catch (err) {
        log.warn({ err, job: job.name }, 'periodic job could not be claimed')
      }
    }
  }

  /** @returns false when the job is due again at once */
  async function runToEnd(job: PeriodicJob, context: { lastRunAt: number | null }): Promise<boolean> {
    try {
      return (await job.run(context)) !== 'unfinished'
    } catch (err) {
      log.warn({ err, job: job.name }, 'periodic job failed and will be retried')
      return false
    }
  }

  const tick = () => {
    if (stopped) return
    running = runDueJobs().finally(() => {
      if (!stopped) timer = setTimeout(tick, POLL_MS)
    })
  }

  return {
    start: tick,
    async stop(): Promise<void> {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
