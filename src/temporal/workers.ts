import { createHash } from 'node:crypto'
import type { DataConverter } from '@temporalio/common'
import { type NativeConnection, Worker } from '@temporalio/worker'
import type { Activities } from '../../activities/index.ts'
import { ACTIVITY_QUEUE, NURTURE_QUEUE } from '../../workflows/names.ts'
import type { WorkerVersion } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import { noopTracing, type Tracing } from '../tracing/tracing.ts'
import { cachedRunsFor } from './cached-runs.ts'
import { connectWorker, type TemporalTarget } from './connection.ts'
import { runLogSinks } from './run-log-sinks.ts'
import { traceActivities } from './trace-calls.ts'
import { bundleWorkflows, type WorkflowCode } from './workflow-bundle/workflow-bundle.ts'

/** Concurrent sends of this worker. One account holds at most a quarter of them: docs/contract.md#4-sending. */
export const SEND_SLOTS = 100
/** Time for running sends when the process stops: docs/contract.md#1-commands. */
export const SEND_GRACE_MS = 6_000
/** Time until workers have stopped, including forced termination. */
export const WORKERS_STOP_MS = SEND_GRACE_MS + 2_000
/** A workflow task waits for its local activity. There are more than an account that hangs can have sends. */
const MAX_WORKFLOW_TASKS = 150
const BUILD_ID_LENGTH = 12
const MIN_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 15_000
const MAY_POLL_INTERVAL_MS = 1_000

export interface Workers {
  /** Resolves once all workers poll. Stays pending while Temporal is unreachable. */
  polling: Promise<void>
  isPolling(): boolean
  /** Stops polling at once, waits up to `graceMs` for running sends, then resolves. */
  stop(): Promise<void>
}

export interface WorkerDeps {
  target: TemporalTarget
  activities: Activities
  identity: string
  /** Time for running sends when the process stops, ms. */
  graceMs: number
  log: Log
  /** The task queues to serve. Default: both. */
  queues?: readonly ('nurture' | 'send')[]
  bundle?: Promise<WorkflowCode>
  /** The same as the client's. */
  dataConverter?: DataConverter
  /** The build of the workflow worker when versioning is on. Its runs stay on that build. */
  version?: WorkerVersion | null
  /** False while Temporal serves an unexpected namespace, whose tasks may belong to another deployment. */
  mayPoll?: () => Promise<boolean>
  tracing?: Tracing
  /** How many runs the workflow worker keeps in memory. Default and 0: `cachedRunsFor` this process. */
  cachedRuns?: number
}

/**
 * Runs the workflow worker and the send worker, or one of them, until `stop`. Activities have their own task queue, because
 * eager activities bypass the fairness of the queue. While Temporal is unreachable, it retries with backoff and logs it.
 */
export function runWorkers(deps: WorkerDeps): Workers {
  const { target, log } = deps
  let stopping = false
  let current: Worker[] = []
  let endPause: (() => void) | undefined
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

  /** The namespace guard logs the reason. */
  async function waitUntilAllowed(): Promise<void> {
    while (!stopping && deps.mayPoll && !(await deps.mayPoll())) await pause(MAY_POLL_INTERVAL_MS)
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      endPause = () => {
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
      endPause?.()
      for (const w of current) if (w.getState() === 'RUNNING') w.shutdown()
      await loop
    },
  }
}

function createWorkers(
  deps: WorkerDeps,
  connection: NativeConnection,
  workflowBundle: WorkflowCode,
): Promise<Worker[]> {
  const { queues = [NURTURE_QUEUE, ACTIVITY_QUEUE] } = deps
  const create = {
    [NURTURE_QUEUE]: () => createWorkflowWorker(deps, connection, workflowBundle),
    [ACTIVITY_QUEUE]: () => createSendWorker(deps, connection),
  }
  return Promise.all(queues.map((queue) => create[queue]()))
}

function commonOptions({ target, identity, dataConverter = {}, graceMs }: WorkerDeps) {
  return { namespace: target.namespace, identity, dataConverter, shutdownGraceTime: graceMs }
}

/**
 * Names the code of the workflows in each workflow task that it has executed, so that an operator can reset runs by their
 * build. The SDK's own name for a worker without a version has 88 characters.
 */
export function buildIdOf({ code }: WorkflowCode): string {
  return createHash('sha256').update(code).digest('hex').slice(0, BUILD_ID_LENGTH)
}

function createWorkflowWorker(
  deps: WorkerDeps,
  connection: NativeConnection,
  workflowBundle: WorkflowCode,
): Promise<Worker> {
  const { version, log, activities, tracing = noopTracing } = deps
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
    // As local activities only: this worker does not poll for activity tasks.
    activities: { sendNow: activities.sendNow, recordRun: activities.recordRun },
    enableNonLocalActivities: false,
    interceptors: { activity: [traceActivities(tracing)] },
    maxConcurrentLocalActivityExecutions: SEND_SLOTS,
    maxConcurrentWorkflowTaskExecutions: MAX_WORKFLOW_TASKS,
    sinks: runLogSinks(log),
    maxCachedWorkflows: deps.cachedRuns || cachedRunsFor(),
    // After a worker died, tasks of the runs in its cache wait this long instead of ten seconds.
    stickyQueueScheduleToStartTimeout: '3s',
    ...(workerDeploymentOptions ? { workerDeploymentOptions } : { buildId: buildIdOf(workflowBundle) }),
  })
}

/** Not versioned, so that it gets the sends of every build, also of a build without workers. */
function createSendWorker(deps: WorkerDeps, connection: NativeConnection): Promise<Worker> {
  const { activities, graceMs, tracing = noopTracing } = deps
  return Worker.create({
    ...commonOptions(deps),
    connection,
    taskQueue: ACTIVITY_QUEUE,
    activities: { ...activities },
    interceptors: { activity: [traceActivities(tracing)] },
    maxConcurrentActivityTaskExecutions: SEND_SLOTS,
    shutdownForceTime: graceMs + 2_000,
  })
}
