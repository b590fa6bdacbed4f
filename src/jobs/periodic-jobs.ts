import type { Log } from '../shared/log.ts'
import type { Db } from '../store/db.ts'
import { claimJob, releaseJob } from '../store/settings/job-leases.ts'

/** Work that some process must do now and then, and never two at once. Intervals and leases in ms. */
export interface PeriodicJob {
  name: string
  everyMs: number
  /** Longer than the work may take: a process that died with it is waited for this long. */
  leaseMs: number
  run(context: { lastRunAt: number | null }): Promise<void>
}

const POLL_MS = 5_000

/** Runs the jobs by leases in the store, so that any number of processes may offer to. */
export function createPeriodicJobs(deps: {
  db: Db
  ownerId: string
  now: () => number
  log: Log
  jobs: readonly PeriodicJob[]
}) {
  const { db, ownerId: by, now, log, jobs } = deps
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false

  async function runDueJobs(): Promise<void> {
    for (const job of jobs) {
      if (stopped) return
      try {
        const claim = await claimJob(db, { ...job, ownerId: by, now: now() })
        if (!claim) continue
        const ranAt = now()
        const done = await job.run(claim).then(
          () => true,
          (err) => {
            log.warn({ err, job: job.name }, 'a periodic job failed; it is tried again')
            return false
          },
        )
        await releaseJob(db, job.name, by, done ? ranAt : null)
      } catch (err) {
        log.warn({ err, job: job.name }, 'a periodic job could not be claimed')
      }
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
