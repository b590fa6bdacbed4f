import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { NURTURE_QUEUE } from '../../workflows/names.ts'
import type { WorkerVersion } from '../config/config.ts'
import { GRPC_NOT_FOUND, grpcCodeOf } from './grpc-status.ts'

/**
 * - `current`, `ramping`: new runs start on this version.
 * - `draining`: no new runs start on it, but pinned runs are open. `drained`: no pinned run is open.
 * - `inactive`: its workers have polled, but it was never current.
 */
type VersionStatus = 'unknown' | 'inactive' | 'current' | 'ramping' | 'draining' | 'drained'

/** By Temporal's enum WorkerDeploymentVersionStatus. `CREATED`, a version without a worker, counts as inactive. */
const STATUSES: readonly VersionStatus[] = [
  'unknown',
  'inactive',
  'current',
  'ramping',
  'draining',
  'drained',
  'inactive',
]

interface VersionView {
  buildId: string
  /** As Temporal reports it. `draining` and `drained` may be some minutes old. */
  status: VersionStatus
  /** Open runs that are pinned to this version, counted now. */
  openRuns: number
  /** Whether one of its workers has polled lately. */
  worker: boolean
}

export interface DeploymentView {
  namespace: string
  deployment: string
  current: string | null
  /** Newest first. */
  versions: VersionView[]
}

const WORKFLOW_TASKS = 1
const ROUTING_IN_PROGRESS = 1
const CALL_TIMEOUT_MS = 10_000
/** A poll lasts up to one minute. Temporal lists pollers of the last five minutes. */
const POLLED_WITHIN_MS = 75_000

/** Calls for worker versions. */
export interface Deployments {
  /** Null when no versioned worker of this deployment has ever polled. */
  read(deploymentName: string): Promise<DeploymentView | null>
  statusOf(version: WorkerVersion): Promise<VersionStatus>
  /** Whether a worker of this build polls for workflow tasks. */
  isPolled(version: WorkerVersion): Promise<boolean>
  /** Resolves once all new runs start on this version. @throws Temporal's error when it refuses */
  makeCurrent(version: WorkerVersion): Promise<void>
}

/** @param now epoch ms */
export function createDeployments(client: Client, now: () => number = Date.now): Deployments {
  const { namespace } = client.options
  const service = client.workflowService
  const withDeadline = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + CALL_TIMEOUT_MS, call)

  async function describe(deploymentName: string) {
    try {
      const found = await service.describeWorkerDeployment({ namespace, deploymentName })
      return found.workerDeploymentInfo ?? null
    } catch (err) {
      if (grpcCodeOf(err) === GRPC_NOT_FOUND) return null
      throw err
    }
  }

  /** Build ids whose workers have polled lately. */
  async function polledBuilds(deploymentName: string): Promise<Set<string>> {
    const taskQueue = { name: NURTURE_QUEUE }
    const request = { namespace, taskQueue, taskQueueType: WORKFLOW_TASKS }
    const { pollers } = await service.describeTaskQueue(request)
    const recent = (pollers ?? []).filter(
      (p) => now() - Number(p.lastAccessTime?.seconds ?? 0) * 1_000 < POLLED_WITHIN_MS,
    )
    const ownPollers = recent.filter((p) => p.deploymentOptions?.deploymentName === deploymentName)
    return new Set(ownPollers.map((p) => p.deploymentOptions?.buildId ?? ''))
  }

  async function openRunsOf(version: WorkerVersion): Promise<number> {
    const query = pinnedRunsQuery(version)
    const { count } = await service.countWorkflowExecutions({ namespace, query })
    return Number(count ?? 0)
  }

  return {
    read: (deployment) =>
      withDeadline(async () => {
        const info = await describe(deployment)
        if (!info) return null
        const polled = await polledBuilds(deployment)
        const versions = (info.versionSummaries ?? []).map(async (v): Promise<VersionView> => {
          const buildId = v.deploymentVersion?.buildId ?? ''
          return {
            buildId,
            status: STATUSES[v.status ?? 0] ?? 'unknown',
            openRuns: await openRunsOf({ deploymentName: deployment, buildId }),
            worker: polled.has(buildId),
          }
        })
        const current = info.routingConfig?.currentDeploymentVersion?.buildId ?? null
        return { namespace, deployment, current, versions: await Promise.all(versions) }
      }),
    statusOf: ({ deploymentName, buildId }) =>
      withDeadline(async () => {
        const info = await describe(deploymentName)
        const summary = info?.versionSummaries?.find((v) => v.deploymentVersion?.buildId === buildId)
        return STATUSES[summary?.status ?? 0] ?? 'unknown'
      }),
    isPolled: ({ deploymentName, buildId }) =>
      withDeadline(async () => {
        // The task queue lists a new worker before the deployment does.
        const info = await describe(deploymentName)
        const isKnown = info?.versionSummaries?.some((v) => v.deploymentVersion?.buildId === buildId)
        return isKnown === true && (await polledBuilds(deploymentName)).has(buildId)
      }),
    makeCurrent: ({ deploymentName, buildId }) =>
      withDeadline(async () => {
        const { identity } = client.options
        await service.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId, identity })
        for (;;) {
          const info = await describe(deploymentName)
          const isCurrent = info?.routingConfig?.currentDeploymentVersion?.buildId === buildId
          if (isCurrent && info.routingConfigUpdateState !== ROUTING_IN_PROGRESS) return
          await sleep(100)
        }
      }),
  }
}

/** A query in Temporal's list filter language for the open runs that are pinned to a build. */
export function pinnedRunsQuery({ deploymentName, buildId }: WorkerVersion): string {
  // Both names consist of letters, digits, dots, dashes and underscores: nothing to escape.
  return `TemporalWorkerDeploymentVersion = '${deploymentName}:${buildId}' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'`
}
