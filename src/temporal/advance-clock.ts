import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'

/** Longest wait for one call. It usually takes less than a second. */
const POLL_MS = 20_000
const MAX_SKIPS = 5_000
/**
 * A shorter time can be over before Temporal looks at it, on a busy machine too. Temporal then goes on to the next timer, however
 * far that is.
 */
const SHORTEST_SKIP_MS = 10_000
/** How long a run may still be at work before its clock is advanced. */
const QUIET_TIMEOUT_MS = 5_000
const QUIET_POLL_MS = 20
const REACHED = 2
const FAILED = 3

/**
 * Advances the clock of one run by `ms`, through Temporal's time skipping. For development and tests only: it needs
 * Temporal 1.32 with `frontend.WorkflowTimeSkippingEnabled`. Every timer in between fires. A pending activity stops the
 * clock until it completes. Less than `SHORTEST_SKIP_MS` passes in real time.
 * @returns once the time is reached, or the run has ended
 * @throws Error when the server cannot advance the clock
 */
export async function advanceRunClock(
  client: Client,
  workflowId: string,
  ms: number,
): Promise<'reached' | 'ended'> {
  if (ms < SHORTEST_SKIP_MS) {
    await sleep(ms)
    return 'reached'
  }
  const { workflowService: service } = client
  const id = randomUUID()
  const run = { namespace: client.options.namespace, workflowExecution: { workflowId } }
  const seconds = Math.floor(ms / 1000)
  try {
    await untilQuiet(client, run)
    await service.updateWorkflowExecutionOptions({
      ...run,
      updateMask: { paths: ['time_skipping_config'] },
      workflowExecutionOptions: {
        timeSkippingConfig: {
          enabled: true,
          maxSessionSkipCount: MAX_SKIPS,
          fastForwardConfig: { id, duration: { seconds: seconds as never, nanos: (ms % 1000) * 1_000_000 } },
        },
      },
    })
    return await waitUntilReached(client, run, id)
  } catch (err) {
    if (isNotFound(err)) return 'ended'
    throw err
  }
}

/** Waits while a task or an activity of the run is pending: the time to skip would be passing meanwhile. */
async function untilQuiet(
  client: Client,
  { namespace, workflowExecution }: { namespace: string; workflowExecution: { workflowId: string } },
): Promise<void> {
  const until = performance.now() + QUIET_TIMEOUT_MS
  while (performance.now() < until) {
    const found = await client.workflowService.describeWorkflowExecution({
      namespace,
      execution: workflowExecution,
    })
    if (!found.pendingWorkflowTask && (found.pendingActivities ?? []).length === 0) return
    await sleep(QUIET_POLL_MS)
  }
}

async function waitUntilReached(
  client: Client,
  run: { namespace: string; workflowExecution: { workflowId: string } },
  fastForwardId: string,
): Promise<'reached' | 'ended'> {
  const until = Date.now() + POLL_MS
  for (;;) {
    const answer = await client.withDeadline(until, () =>
      client.workflowService.pollWorkflowExecutionTimeSkipping({ ...run, fastForwardId }),
    )
    if (answer.fastForwardPollingResult === REACHED) return 'reached'
    if (answer.fastForwardPollingResult === FAILED) {
      if (/complet|closed|ended/i.test(answer.failedReason ?? '')) return 'ended'
      throw new Error(
        `Temporal could not advance the clock of ${run.workflowExecution.workflowId}: ${answer.failedReason}`,
      )
    }
  }
}

function isNotFound(err: unknown): boolean {
  return err instanceof Error && /not found|already completed/i.test(err.message)
}

/** The clock of a run, epoch ms; null when there is no such run. */
export async function readRunClock(client: Client, workflowId: string): Promise<number | null> {
  try {
    const found = await client.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId },
    })
    const at = found.workflowExtendedInfo?.timeSkippingInfo?.currentTime
    return at?.seconds ? Number(at.seconds) * 1000 + Math.floor((at.nanos ?? 0) / 1e6) : Date.now()
  } catch (err) {
    if (isNotFound(err)) return null
    throw err
  }
}
