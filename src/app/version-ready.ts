import type { Client } from '@temporalio/client'
import type { WorkerVersion } from '../config.ts'
import { createDeployments } from '../engine/deployment.ts'

const ASK_EVERY_MS = 2_000

/**
 * Why a versioned worker is not ready, or null: runs begin on its build, or those that are pinned to it need it. Asked of
 * Temporal at most every two seconds; an answer that does not come is no reason, since the engine's state tells of that.
 */
export function createVersionReady(client: Client, version: WorkerVersion): () => Promise<string | null> {
  const deployments = createDeployments(client)
  let askedAt = Number.NEGATIVE_INFINITY
  let answer: Promise<string | null> = Promise.resolve(null)
  return function versionReady() {
    if (performance.now() - askedAt < ASK_EVERY_MS) return answer
    askedAt = performance.now()
    answer = deployments.statusOf(version).then(
      (status) => (status === 'unknown' || status === 'inactive' ? troubleOf(version) : null),
      () => null,
    )
    return answer
  }
}

function troubleOf({ deploymentName, buildId }: WorkerVersion): string {
  return `no current version: build ${buildId} of ${deploymentName} has not been made current, so new runs do not begin here. Say: nurture deploy --build-id ${buildId}`
}
