import type { DataConverter } from '@temporalio/common'
import { type NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker'
import type { Activities } from '../../activities/index.ts'
import { NURTURE_QUEUE, SEND_QUEUE } from '../../workflows/names.ts'
import type { WorkerVersion } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import { noopTracing, type Tracing } from '../tracing/tracing.ts'
import { connectWorker, type TemporalTarget } from './connection.ts'
import { runLogSinks } from './run-log-sinks.ts'
import { traceActivities } from './trace-calls.ts'
import { bundleWorkflows } from './workflow-bundle/workflow-bundle.ts'

/** Activities have a queue of their own: eager ones would pass by the fairness of matching. */
/** Sends of this worker at one time; one account holds a quarter at most. */
export const SEND_SLOTS = 100
/** What running sends get when the process stops: see docs/contract.md#1-commands. */
export const SEND_GRACE_MS = 6_000
/** Until workers have stopped, forced ends included. */
export const WORKERS_STOP_MS = SEND_GRACE_MS + 2_000
const MAX_CACHED_RUNS = 400
const MIN_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 15_000
const MAY_POLL_INTERVAL_MS = 1_000

export interface Workers {
  /** Resolves when both workers poll; never rejects while the engine is away. */
  polling: Promise<void>
  isPolling(): boolean
  /** Stops polling at once, gives running sends `graceMs`, then resolves. */
  stop(): Promise<void>
}

/** What workers are made of. */
export interface WorkerDeps {
  target: TemporalTarget
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
}

/**
 * Runs the workflow worker and the send worker (or one of them), for ever: while the engine is away it waits with backoff and says so.
 * @param graceMs what running sends get when the process stops
 */
export function runWorkers(deps: WorkerDeps): Workers {
  const { target, log } = deps
  let stopping = false
  let current: Worker[] = []
  let wakeUp: (() => void) | undefined
  let resolvePolling: () => void = () => {}
  const polling = new Promise<void>((resolve) => {
    resolvePolling = resolve
  })

  const loop = (async () => {
    const bundle = await (deps.bundle ?? bundleWorkflows())
    let backoffMs = MIN_BACKOFF_MS
    while (!stopping) {
      let connection: NativeConnection | undefined
      try {
        await waitUntilAllowed()
        if (stopping) break
        connection = await connectWorker(target)
        current = await createWorkers(deps, connection, bundle)
        if (stopping) break
        const running = Promise.all(current.map((w) => w.run()))
        resolvePolling()
        backoffMs = MIN_BACKOFF_MS
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
      backoffMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2)
    }
  })()

  /** The guard says in the log what is wrong; here it is only waited for. */
  async function waitUntilAllowed(): Promise<void> {
    while (!stopping && deps.mayPoll && !(await deps.mayPoll())) await pause(MAY_POLL_INTERVAL_MS)
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wakeUp = () => {
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
      wakeUp?.()
      for (const w of current) if (w.getState() === 'RUNNING') w.shutdown()
      await loop
    },
  }
}

/** One worker for each queue. */
function createWorkers(
  deps: WorkerDeps,
  connection: NativeConnection,
  workflowBundle: WorkflowBundle,
): Promise<Worker[]> {
  const { queues = [NURTURE_QUEUE, SEND_QUEUE] } = deps
  const create = {
    [NURTURE_QUEUE]: () => createWorkflowWorker(deps, connection, workflowBundle),
    [SEND_QUEUE]: () => createSendWorker(deps, connection),
  }
  return Promise.all(queues.map((queue) => create[queue]()))
}

function commonOptions({ target, identity, dataConverter = {}, graceMs }: WorkerDeps) {
  return { namespace: target.namespace, identity, dataConverter, shutdownGraceTime: graceMs }
}

function createWorkflowWorker(
  deps: WorkerDeps,
  connection: NativeConnection,
  workflowBundle: WorkflowBundle,
): Promise<Worker> {
  const { version, log } = deps
  const workerDeploymentOptions = version && {
    version,
    useWorkerVersioning: true as const,
    defaultVersioningBehavior: 'PINNED' as const,
  }
  return Worker.create({
    ...commonOptions(deps),
    connection,
    taskQueue: NURTURE_QUEUE,
    workflowBundle,
    sinks: runLogSinks(log),
    maxCachedWorkflows: MAX_CACHED_RUNS,
    // Timers of runs cached on a worker that died wait this long, instead of ten seconds.
    stickyQueueScheduleToStartTimeout: '3s',
    ...(workerDeploymentOptions ? { workerDeploymentOptions } : {}),
  })
}

/** Never versioned: Temporal then gives it the sends of every build, also of one whose worker has gone. */
function createSendWorker(deps: WorkerDeps, connection: NativeConnection): Promise<Worker> {
  const { activities, graceMs, tracing = noopTracing } = deps
  return Worker.create({
    ...commonOptions(deps),
    connection,
    taskQueue: SEND_QUEUE,
    activities: { ...activities },
    interceptors: { activity: [traceActivities(tracing)] },
    maxConcurrentActivityTaskExecutions: SEND_SLOTS,
    shutdownForceTime: graceMs + 2_000,
  })
}
