import { randomUUID } from 'node:crypto'
import type { Client } from '@temporalio/client'

/** Longest wait for one hop; it takes well under a second. */
const POLL_MS = 20_000
const MAX_SKIPS = 5_000
const REACHED = 2
const FAILED = 3

/**
 * Moves one run's clock on by `ms`, through server-side time skipping (development and tests only; Temporal 1.32 with
 * `frontend.WorkflowTimeSkippingEnabled`). Every timer in between fires; a pending activity holds the clock until it is
 * done. Resolves when the time is reached or the run is over; throws when the server cannot.
 */
export async function advanceRunClock(
  client: Client,
  workflowId: string,
  ms: number,
): Promise<'reached' | 'ended'> {
  const { workflowService: service } = client
  const id = randomUUID()
  const run = { namespace: client.options.namespace, workflowExecution: { workflowId } }
  const seconds = Math.floor(ms / 1000)
  try {
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
      throw new Error(`fast-forward: ${answer.failedReason}`)
    }
  }
}

function isNotFound(err: unknown): boolean {
  return err instanceof Error && /not found|already completed/i.test(err.message)
}

/** The run's own clock, epoch ms; null when there is no such run. */
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
