import { setTimeout as sleep } from 'node:timers/promises'
import pMap from 'p-map'
import { maskId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { SECOND_MS } from '../shared/time-units.ts'
import {
  BULK_LEASE_MS,
  type BulkJob,
  claimBulkJob,
  nextBulkRuns,
  recordBulkPage,
  releaseBulkJobs,
} from '../store/bulk/bulk-jobs.ts'
import type { BulkResult } from '../store/bulk/bulk-results.ts'
import type { Db } from '../store/db.ts'
import { saveFollower } from '../store/runs/follower-rows.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import type { NamespaceGuard } from '../temporal/namespace-guard.ts'
import { type RunClient, TemporalUnavailableError } from '../temporal/run-client.ts'

/** Runs between two records of the progress. After a crash at most these are signalled again, which changes nothing. */
const PAGE = 50
const CONCURRENCY = 10
/** A page takes at least this long, so that a large job leaves room for the messages that are due: 100 runs a second. */
const PAGE_MS = SECOND_MS / 2
/** How often jobs of other processes are looked for. */
const POLL_MS = 2 * SECOND_MS
/** While Temporal or the store is away. */
const RETRY_MS = 2 * SECOND_MS

export interface BulkRunnerDeps {
  db: Db
  runs: Pick<RunClient, 'signal' | 'describe'>
  namespaceGuard: Pick<NamespaceGuard, 'isExpected'>
  /** Identifies this process in leases. */
  ownerId: string
  now: () => number
  log: Log
  /** Shorter in tests. */
  pageMs?: number
}

/**
 * Makes the changes of bulk jobs, page by page. The store has the runs of each job, so a job survives a restart, and another
 * process continues that of one that died. While Temporal is away it waits.
 */
export class BulkRunner {
  readonly #deps: BulkRunnerDeps
  #isRunning = false
  #working: Promise<void> | null = null
  #isWoken = false
  #timer: NodeJS.Timeout | undefined

  constructor(deps: BulkRunnerDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#isRunning = true
    this.wake()
  }

  /** Looks for jobs at once. */
  wake(): void {
    if (!this.#isRunning) return
    this.#isWoken = true
    if (this.#working) return
    clearTimeout(this.#timer)
    this.#working = this.#work().finally(() => {
      this.#working = null
      if (this.#isWoken) this.wake()
      else if (this.#isRunning) this.#timer = setTimeout(() => this.wake(), POLL_MS)
    })
  }

  /** Ends after the page that is under way. */
  async stop(): Promise<void> {
    this.#isRunning = false
    clearTimeout(this.#timer)
    await this.#working
    const { db, ownerId } = this.#deps
    await releaseBulkJobs(db, ownerId).catch(() => undefined)
  }

  async #work(): Promise<void> {
    while (this.#isRunning) {
      this.#isWoken = false
      try {
        const job = await this.#claim()
        if (!job) return
        await this.#continue(job)
      } catch (err) {
        this.#deps.log.warn({ err }, 'bulk job interrupted; it continues')
        await sleep(RETRY_MS)
      }
    }
  }

  #claim(): Promise<BulkJob | null> {
    const { db, ownerId, now } = this.#deps
    return claimBulkJob(db, { ownerId, now: now(), leaseMs: BULK_LEASE_MS })
  }

  async #continue(job: BulkJob): Promise<void> {
    const { db, namespaceGuard, now, ownerId, pageMs = PAGE_MS } = this.#deps
    while (this.#isRunning) {
      const begun = performance.now()
      // In another namespace no run is open: all of them would count as ended.
      if (!(await namespaceGuard.isExpected())) throw new TemporalUnavailableError('Temporal is not ready')
      const page = await nextBulkRuns(db, job.id, PAGE)
      const changed = await pMap(
        page,
        async ({ runKey, run }) => [runKey, await this.#change(job, run)] as const,
        { concurrency: CONCURRENCY },
      )
      const recorded = { jobId: job.id, ownerId, results: new Map(changed) }
      if (!(await recordBulkPage(db, recorded, { now: now(), leaseMs: BULK_LEASE_MS }))) return
      await sleep(Math.max(0, pageMs - (performance.now() - begun)))
    }
  }

  /** @throws TemporalUnavailableError: the page is tried again */
  async #change({ action, reason }: BulkJob, run: RunRow | null): Promise<BulkResult> {
    if (!run || run.status === 'ended') return 'ended'
    const { db, now, log } = this.#deps
    const follower = { appId: run.appId, openId: run.openId }
    const setPaused = (paused: boolean) => saveFollower(db, follower, { paused }, now())
    const before = run.status === 'paused'
    try {
      // First: the last check before a send reads it.
      if (action !== 'cancel') await setPaused(action === 'pause')
      const isOpen = await this.#signal(run, action, reason ?? undefined)
      if (!isOpen && action !== 'cancel') await setPaused(before)
      return isOpen ? 'done' : 'ended'
    } catch (err) {
      if (err instanceof TemporalUnavailableError) throw err
      log.warn(
        { err, appId: run.appId, follower: maskId(run.openId), action },
        'run not changed by a bulk job',
      )
      return 'failed'
    }
  }

  /** False: the run is not open any more. A later run of the follower is not affected. */
  async #signal(run: RunRow, action: BulkJob['action'], reason: string | undefined): Promise<boolean> {
    const { runs } = this.#deps
    if ((await runs.signal(run, action, reason, run.runId ?? undefined)) === 'ok') return true
    // The run may have gone on in another execution.
    const newest = await runs.describe(run)
    if (!newest?.open || newest.runKey !== run.runKey) return false
    return (await runs.signal(run, action, reason, newest.runId)) === 'ok'
  }
}
