import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { maskId, parseWorkflowId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { registeredAmong } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import { statusesOf } from '../store/runs/run-rows.ts'
import { endRemovedRun } from '../temporal/account-runs.ts'
import type { RunClient } from '../temporal/run-client.ts'
import { SETTLED_MS } from './settled.ts'

/** How many open executions one round checks. */
const BATCH = 200

const OPEN_EXECUTIONS_QUERY = "WorkflowType = 'FollowerNurture' AND ExecutionStatus = 'Running'"

interface Execution {
  workflowId: string
  runId: string
  runKey: string
}

/**
 * Compares open executions in Temporal with the rows of the store.
 * - An execution without a row (the store was restored from a backup), or with the outcome `terminated` (a reset reopened it),
 *   gets a signal to write its state.
 * - An execution that has ended in the store (its account was removed while Temporal was unreachable) is ended.
 */
export function createOpenExecutionReconciler(deps: {
  db: Db
  client: Client
  runs: RunClient
  now: () => number
  log: Log
}) {
  const { db, client, runs, now, log } = deps
  let listed: AsyncIterator<WorkflowExecutionInfo> | null = null

  async function nextBatch(): Promise<Execution[]> {
    const before = new Date(now() - SETTLED_MS).toISOString()
    listed ??= client.workflow
      .list({ query: `${OPEN_EXECUTIONS_QUERY} AND StartTime < '${before}'`, pageSize: BATCH })
      [Symbol.asyncIterator]()
    const found: Execution[] = []
    while (found.length < BATCH) {
      const { value, done } = await listed.next()
      if (done) {
        listed = null
        break
      }
      const runKey = value.memo?.runKey
      if (typeof runKey === 'string') found.push({ ...value, runKey })
    }
    return found
  }

  return {
    /** Checks the next batch; starts again at the beginning after the last one. */
    async reconcileNextBatch(): Promise<void> {
      const open = await nextBatch().catch((err) => {
        listed = null
        throw err
      })
      const known = await statusesOf(
        db,
        open.map((e) => e.runKey),
      )
      const registered = await registeredAmong(
        db,
        open.flatMap((e) => parseWorkflowId(e.workflowId)?.appId ?? []),
      )
      for (const { workflowId, runId, runKey } of open) {
        const follower = parseWorkflowId(workflowId)
        const row = known.get(runKey)
        if (!follower || (row && (row.status !== 'ended' || row.updatedAt > now() - SETTLED_MS))) continue
        const logFields = { appId: follower.appId, follower: maskId(follower.openId) }
        if (!registered.has(follower.appId) || row?.outcome === 'account-stopped') {
          log.warn(logFields, 'ending a run of a removed account')
          await endRemovedRun(runs, follower, runId)
        } else if (!row || row.outcome === 'terminated') {
          log.warn(logFields, 'requesting the state of an open run that the store lacks')
          await runs.signal(follower, 'resync', undefined, runId)
        } else {
          log.warn({ ...logFields, outcome: row.outcome }, 'ending an open run that has ended in the store')
          await runs.signal(follower, 'cancel', `ended in the store: ${row.outcome}`, runId)
        }
      }
    },
    /** Asks every open execution to write its state. @returns how many received the signal */
    async resyncAll(): Promise<number> {
      let resynced = 0
      for await (const { workflowId, runId } of client.workflow.list({ query: OPEN_EXECUTIONS_QUERY })) {
        const follower = parseWorkflowId(workflowId)
        if (follower && (await runs.signal(follower, 'resync', undefined, runId)) === 'ok') resynced += 1
      }
      return resynced
    },
  }
}
