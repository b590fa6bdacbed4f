import type { Client } from '@temporalio/client'
import type { WorkerVersion } from '../config/config.ts'
import { createDeployments } from '../temporal/deployment.ts'

const CHECK_INTERVAL_MS = 2_000

/**
 * Why a versioned worker is not ready, or null: runs begin on its build, or those that are pinned to it need it. Asked of
 * Temporal at most every two seconds; an answer that does not come is no reason, since the engine's state tells of that.
 */
export function createWorkerVersionReadiness(
  client: Client,
  version: WorkerVersion,
): () => Promise<string | null> {
  const deployments = createDeployments(client)
  let checkedAt = Number.NEGATIVE_INFINITY
  let result: Promise<string | null> = Promise.resolve(null)
  return function versionProblem() {
    if (performance.now() - checkedAt < CHECK_INTERVAL_MS) return result
    checkedAt = performance.now()
    result = deployments.statusOf(version).then(
      (status) => (status === 'unknown' || status === 'inactive' ? notCurrentProblem(version) : null),
      () => null,
    )
    return result
  }
}

function notCurrentProblem({ deploymentName, buildId }: WorkerVersion): string {
  return `no current version: build ${buildId} of ${deploymentName} has not been made current, so new runs do not begin here. Say: nurture deploy --build-id ${buildId}`
}
