import type { Client } from '@temporalio/client'
import type { WorkerVersion } from '../config/config.ts'
import { createDeployments } from '../temporal/deployment.ts'

const CHECK_INTERVAL_MS = 2_000

/**
 * Reports why a versioned worker is not ready, or null. It is ready when runs start on its build, or are pinned to it.
 * Checked at most every two seconds. A call without an answer gives null: readiness reports an unreachable Temporal already.
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
  return `no current version: build ${buildId} of ${deploymentName} has not been made current, so no new runs start on it. Run: nurture deploy --build-id ${buildId}`
}
