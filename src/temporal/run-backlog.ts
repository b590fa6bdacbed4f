import type { Client } from '@temporalio/client'
import { NURTURE_QUEUE } from '../../workflows/names.ts'
import { SECOND_MS } from '../shared/time-units.ts'

const WORKFLOW_TASKS = 1
const CALL_TIMEOUT_MS = 2_000
/** Tasks of a queue that is served at once are counted too. They are younger. */
const MIN_AGE_MS = SECOND_MS

/** Reads how many workflow tasks of runs wait for a worker. Tasks that have waited less than a second count as none. */
export type ReadRunBacklog = () => Promise<number>

/**
 * Temporal's own statistics, which it caches for up to five seconds (`matching.TaskQueueInfoByBuildIdTTL`). They do not
 * include tasks for the worker that has the run in its cache.
 * @param client the read throws an error of the connection or of Temporal
 */
export function createRunBacklogReader(client: Client): ReadRunBacklog {
  const { namespace } = client.options
  return async () => {
    const { stats } = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: NURTURE_QUEUE },
        taskQueueType: WORKFLOW_TASKS,
        reportStats: true,
      }),
    )
    const ageMs = Number(stats?.approximateBacklogAge?.seconds ?? 0) * SECOND_MS
    return ageMs < MIN_AGE_MS ? 0 : Number(stats?.approximateBacklogCount ?? 0)
  }
}
