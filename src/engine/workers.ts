import type { DataConverter } from '@temporalio/common'
import { type NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker'
import type { Activities } from '../../activities/index.ts'
import type { WorkerVersion } from '../config.ts'
import type { Log } from '../log.ts'
import { noTracing, type Tracing } from '../tracing/tracing.ts'
import { connectWorker, type EngineTarget } from './connection.ts'
import { runLogSinks } from './run-log.ts'
import { NURTURE_QUEUE } from './runs.ts'
import { traceActivities } from './trace-calls.ts'
import { bundleWorkflows } from './workflow-bundle.ts'

/** Activities have a queue of their own: eager ones would pass by the fairness of matching. */
export const SEND_QUEUE = 'send'
/** Sends of this worker at one time; one account holds a quarter at most. */
export const SEND_SLOTS = 100
const CACHED_RUNS = 400
const RETRY_MIN_MS = 500
const RETRY_MAX_MS = 15_000
const OURS_AGAIN_MS = 1_000

export interface Workers {
  /** Resolves when both workers poll; never rejects while the engine is away. */
  polling: Promise<void>
  isPolling(): boolean
  /** Stops polling at once, gives running sends `graceMs`, then resolves. */
  stop(): Promise<void>
}

/**
 * Runs the workflow worker and the send worker (or one of them), for ever: while the engine is away it waits with backoff and says so.
 * @param graceMs what running sends get when the process stops
 */
export function runWorkers(deps: {
  target: EngineTarget
  activities: Activities
  identity: string
  graceMs: number
  log: Log
  /** Which task queues it serves; both, if nothing is said. */
  queues?: readonly ('nurture' | 'send')[]
  bundle?: Promise<WorkflowBundle>
  /** How values become payloads; the same as the client's. */
  dataConverter?: DataConverter
  /** Which build the workflow worker is, where versioning is on: its runs stay with that build. */
  version?: WorkerVersion | null
  /** False while the engine is another one than the store's runs live in: its tasks may be somebody else's. */
  mayPoll?: () => Promise<boolean>
  tracing?: Tracing
}): Workers {
  const { target, activities, identity, graceMs, log, queues = [NURTURE_QUEUE, SEND_QUEUE] } = deps
  let stopping = false
  let current: Worker[] = []
  let wake: (() => void) | undefined
  let announce: () => void = () => {}
  const polling = new Promise<void>((resolve) => {
    announce = resolve
  })

  const loop = (async () => {
    const bundle = await (deps.bundle ?? bundleWorkflows())
    let backoffMs = RETRY_MIN_MS
    while (!stopping) {
      let connection: NativeConnection | undefined
      try {
        await untilOurs()
        if (stopping) break
        connection = await connectWorker(target)
        current = await create(connection, bundle)
        if (stopping) break
        const running = Promise.all(current.map((w) => w.run()))
        announce()
        backoffMs = RETRY_MIN_MS
        await running
      } catch (err) {
        const reason = err instanceof Error ? err.message : String(err)
        log.warn({ reason, address: target.connection.address }, 'worker: waiting for Temporal')
      } finally {
        for (const w of current) if (w.getState() === 'RUNNING') w.shutdown()
        current = []
        await connection?.close().catch(() => {})
      }
      if (!stopping) await pause(backoffMs)
      backoffMs = Math.min(RETRY_MAX_MS, backoffMs * 2)
    }
  })()

  /** The guard says in the log what is wrong; here it is only waited for. */
  async function untilOurs(): Promise<void> {
    while (!stopping && deps.mayPoll && !(await deps.mayPoll())) await pause(OURS_AGAIN_MS)
  }

  async function create(connection: NativeConnection, workflowBundle: WorkflowBundle): Promise<Worker[]> {
    const { dataConverter = {}, version } = deps
    const common = { connection, namespace: target.namespace, identity, dataConverter }
    const workflows = () =>
      Worker.create({
        ...common,
        taskQueue: NURTURE_QUEUE,
        workflowBundle,
        sinks: runLogSinks(log),
        maxCachedWorkflows: CACHED_RUNS,
        // Timers of runs cached on a worker that died wait this long, instead of ten seconds.
        stickyQueueScheduleToStartTimeout: '3s',
        shutdownGraceTime: graceMs,
        ...(version
          ? {
              workerDeploymentOptions: {
                version,
                useWorkerVersioning: true,
                defaultVersioningBehavior: 'PINNED',
              },
            }
          : {}),
      })
    // Never versioned: Temporal then gives it the sends of every build, also of one whose worker has gone.
    const sends = () =>
      Worker.create({
        ...common,
        taskQueue: SEND_QUEUE,
        activities: { ...activities },
        interceptors: { activity: [traceActivities(deps.tracing ?? noTracing)] },
        maxConcurrentActivityTaskExecutions: SEND_SLOTS,
        shutdownGraceTime: graceMs,
        shutdownForceTime: graceMs + 2_000,
      })
    const make = { [NURTURE_QUEUE]: workflows, [SEND_QUEUE]: sends }
    return Promise.all(queues.map((queue) => make[queue]()))
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    polling,
    isPolling: () => current.length > 0 && current.every((w) => w.getState() === 'RUNNING'),
    async stop() {
      stopping = true
      wake?.()
      for (const w of current) if (w.getState() === 'RUNNING') w.shutdown()
      await loop
    },
  }
}
