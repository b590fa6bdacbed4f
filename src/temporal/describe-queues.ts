import type { Client } from '@temporalio/client'
import { ACTIVITY_QUEUE, NURTURE_QUEUE } from '../../workflows/names.ts'

const CALL_TIMEOUT_MS = 3_000
/** Values of `TaskQueueType`. */
const TYPES = { workflow: 1, activity: 2 } as const

interface QueueWorker {
  identity: string
  /** When it last asked for work, epoch ms. */
  seenAt: number
  /** The worker version; null: workers without versions. */
  build: string | null
}

export interface QueueView {
  name: string
  kind: keyof typeof TYPES
  /** Tasks that wait, as Temporal estimates them. */
  waiting: number
  /** How long the oldest waits, ms. */
  oldestMs: number
  /** Workers that have asked for work within the last minutes, the newest first. */
  workers: QueueWorker[]
}

/** The task queues of the product, with their workers. Null: Temporal does not answer. */
export async function describeQueues(client: Client): Promise<QueueView[] | null> {
  const describe = async (name: string, kind: keyof typeof TYPES): Promise<QueueView> => {
    const { pollers, stats } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name },
      taskQueueType: TYPES[kind],
      reportStats: true,
    })
    const workers = (pollers ?? []).map((poller) => ({
      identity: poller.identity ?? '',
      seenAt: Number(poller.lastAccessTime?.seconds ?? 0) * 1_000,
      build: poller.deploymentOptions?.buildId || null,
    }))
    return {
      name,
      kind,
      waiting: Number(stats?.approximateBacklogCount ?? 0),
      oldestMs: Number(stats?.approximateBacklogAge?.seconds ?? 0) * 1_000,
      workers: workers.sort((a, b) => b.seenAt - a.seenAt),
    }
  }
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      Promise.all([describe(NURTURE_QUEUE, 'workflow'), describe(ACTIVITY_QUEUE, 'activity')]),
    )
  } catch {
    return null
  }
}
