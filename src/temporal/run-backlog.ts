import type { Client } from '@temporalio/client'
import { NURTURE_QUEUE } from '../../workflows/names.ts'
import type { WorkerVersion } from '../config/config.ts'
import { SECOND_MS } from '../shared/time-units.ts'

const WORKFLOW_TASKS = 1
const CALL_TIMEOUT_MS = 2_000
/** Tasks of a queue that is served at once are counted too. They are younger. */
const MIN_AGE_MS = SECOND_MS

/** Reads how many workflow tasks of runs wait for a worker. Tasks that have waited less than a second count as none. */
export type ReadRunBacklog = () => Promise<number>

interface Stats {
  approximateBacklogAge?: { seconds?: unknown } | null
  approximateBacklogCount?: unknown
}

/**
 * Temporal's own statistics, which it caches for up to five seconds (`matching.TaskQueueInfoByBuildIdTTL`). They do not
 * include tasks for the worker that has the run in its cache. With worker versions, only the tasks of versions that new runs
 * start on count: those of a version without workers wait until one starts.
 * @param client the read throws an error of the connection or of Temporal
 */
export function createRunBacklogReader(client: Client): ReadRunBacklog {
  const { namespace } = client.options
  const { workflowService: service } = client

  async function statsOf(deploymentVersion: WorkerVersion): Promise<Stats | null> {
    const { versionTaskQueues } = await service.describeWorkerDeploymentVersion({
      namespace,
      deploymentVersion,
      reportTaskQueueStats: true,
    })
    const queue = versionTaskQueues.find((q) => q.name === NURTURE_QUEUE && q.type === WORKFLOW_TASKS)
    return queue?.stats ?? null
  }

  async function read(): Promise<number> {
    const { stats, versioningInfo } = await service.describeTaskQueue({
      namespace,
      taskQueue: { name: NURTURE_QUEUE },
      taskQueueType: WORKFLOW_TASKS,
      reportStats: true,
    })
    // Of all versions together.
    const waiting = waitingIn(stats)
    const versions = [versioningInfo?.currentDeploymentVersion, versioningInfo?.rampingDeploymentVersion]
    const startedOn = versions.filter(isVersion)
    if (waiting === 0 || startedOn.length === 0) return waiting
    const each = await Promise.all(startedOn.map(statsOf))
    return each.map(waitingIn).reduce((sum, count) => sum + count, 0)
  }

  return () => client.withDeadline(Date.now() + CALL_TIMEOUT_MS, read)
}

function waitingIn(stats: Stats | null | undefined): number {
  const ageMs = Number(stats?.approximateBacklogAge?.seconds ?? 0) * SECOND_MS
  return ageMs < MIN_AGE_MS ? 0 : Number(stats?.approximateBacklogCount ?? 0)
}

function isVersion(
  version: { deploymentName?: string | null; buildId?: string | null } | null | undefined,
): version is WorkerVersion {
  return Boolean(version?.deploymentName && version.buildId)
}
