import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { ACTIVITY_QUEUE, NURTURE_QUEUE } from '../../workflows/names.ts'
import { GRPC_NOT_FOUND, grpcCodeOf } from './grpc-status.ts'

const POLL_MS = 100
const CALL_TIMEOUT_MS = 2_000
const WORKFLOW_TASKS = 1
const ACTIVITY_TASKS = 2
/** No such workflow exists. NOT_FOUND shows that the history service answers. */
const PROBE_WORKFLOW_ID = 'ready-probe'

/**
 * Resolves once a follow would start a run at once: the history service answers, and the matching service knows pollers of
 * both queues. A server accepts connections, and workers poll, seconds before that.
 */
export async function waitUntilReady(client: Client): Promise<void> {
  while (!(await isReady(client))) await sleep(POLL_MS)
}

async function isReady(client: Client): Promise<boolean> {
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, async () => {
      const [history, ...polled] = await Promise.all([
        historyAnswers(client),
        isPolled(client, NURTURE_QUEUE, WORKFLOW_TASKS),
        isPolled(client, ACTIVITY_QUEUE, ACTIVITY_TASKS),
      ])
      return history && polled.every(Boolean)
    })
  } catch {
    return false
  }
}

async function historyAnswers(client: Client): Promise<boolean> {
  const { namespace } = client.options
  try {
    await client.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId: PROBE_WORKFLOW_ID },
    })
    return true
  } catch (err) {
    return grpcCodeOf(err) === GRPC_NOT_FOUND
  }
}

async function isPolled(client: Client, name: string, taskQueueType: number): Promise<boolean> {
  const { namespace } = client.options
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name },
    taskQueueType,
  })
  return (pollers?.length ?? 0) > 0
}
