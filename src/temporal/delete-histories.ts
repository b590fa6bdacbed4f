import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { type FollowerKey, workflowIdOf } from '../shared/ids.ts'
import { GRPC_NOT_FOUND, grpcCodeOf } from './grpc-status.ts'

/** Limits of one attempt: the dispatcher has events of other followers to deliver. */
const CANCEL_TIMEOUT_MS = 5_000
const DELETE_TIMEOUT_MS = 2_000
const POLL_MS = 200

/** The calls of the run client that a deletion needs. */
interface FollowerRuns {
  describe(follower: FollowerKey): Promise<{ open: boolean; runId: string } | null>
  signal(follower: FollowerKey, name: 'cancel', reason: string): Promise<unknown>
}

/** Deletes the data of a follower in Temporal. */
export interface HistoryDeletion {
  /** Cancels the follower's run, with the reason `erased`. False while the run is still ending: call again. */
  cancelForErasure(follower: FollowerKey): Promise<boolean>
  /**
   * Deletes every history of a follower whose run has ended. Temporal needs about half a minute. True once neither its
   * list nor `describe` finds an execution; else call again.
   */
  deleteHistories(follower: FollowerKey): Promise<boolean>
}

/** @param callTemporal sets the deadline of a call, and turns an error of Temporal into TemporalUnavailableError */
export function createHistoryDeletion(deps: {
  client: Client
  runs: FollowerRuns
  callTemporal<T>(call: () => Promise<T>): Promise<T>
}): HistoryDeletion {
  const { client, runs, callTemporal } = deps

  async function listRunIds(workflowId: string): Promise<string[]> {
    const ids: string[] = []
    const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}'`
    for await (const execution of client.workflow.list({ query })) ids.push(execution.runId)
    return ids
  }

  async function deleteExecution(workflowId: string, runId: string): Promise<void> {
    const { namespace } = client.options
    const workflowExecution = { workflowId, runId }
    try {
      await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution })
    } catch (err) {
      if (grpcCodeOf(err) !== GRPC_NOT_FOUND) throw err
    }
  }

  return {
    cancelForErasure(follower) {
      let signalledRunId = ''
      return pollFor(CANCEL_TIMEOUT_MS, async () => {
        const newest = await runs.describe(follower)
        if (!newest?.open) return true
        // A run that starts while another closes has its own id and needs its own signal.
        if (signalledRunId !== newest.runId) await runs.signal(follower, 'cancel', 'erased')
        signalledRunId = newest.runId
        return false
      })
    },
    deleteHistories(follower) {
      const workflowId = workflowIdOf(follower.appId, follower.openId)
      const requested = new Set<string>()
      return pollFor(DELETE_TIMEOUT_MS, async () => {
        const newest = await runs.describe(follower)
        const runIds = await callTemporal(() => listRunIds(workflowId))
        if (newest) runIds.push(newest.runId)
        for (const runId of runIds.filter((id) => !requested.has(id))) {
          requested.add(runId)
          await callTemporal(() => deleteExecution(workflowId, runId))
        }
        return runIds.length === 0
      })
    },
  }
}

/** Repeats a check until it is true. @returns false after `timeoutMs` */
async function pollFor(timeoutMs: number, check: () => Promise<boolean>): Promise<boolean> {
  const until = Date.now() + timeoutMs
  for (;;) {
    if (await check()) return true
    if (Date.now() > until) return false
    await sleep(POLL_MS)
  }
}
