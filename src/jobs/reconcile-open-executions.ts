import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import pMap from 'p-map'
import { type FollowerKey, maskId, parseWorkflowId } from '../shared/ids.ts'
import type { Log } from '../shared/log.ts'
import { registeredAmong } from '../store/accounts/removed-accounts.ts'
import type { Db } from '../store/db.ts'
import { type RunRow, statusesOf } from '../store/runs/run-rows.ts'
import { endRemovedRun } from '../temporal/account-runs.ts'
import type { RunClient } from '../temporal/run-client.ts'
import { SETTLED_MS } from './settled.ts'

/** How many open executions one round checks. */
const BATCH = 200
/** Signals at the same time, when every open execution gets one. */
const SIGNALS_AT_ONCE = 20

const OPEN_EXECUTIONS_QUERY = "WorkflowType = 'FollowerNurture' AND ExecutionStatus = 'Running'"

interface OpenExecutionDeps {
  db: Db
  client: Client
  runs: RunClient
  now: () => number
  log: Log
}

/** An open execution of a run. */
interface Execution {
  follower: FollowerKey
  runId: string
  runKey: string
}

type RunStatus = Pick<RunRow, 'status' | 'outcome' | 'updatedAt'>

/**
 * Compares open executions in Temporal with the rows of the store.
 * - An execution without a row (the store was restored from a backup), or with the outcome `terminated` (a reset reopened it),
 *   gets a signal to write its state.
 * - An execution that has ended in the store (its account was removed while Temporal was unreachable) is ended, unless it is
 *   about to end by itself.
 */
export class OpenExecutionReconciler {
  readonly #deps: OpenExecutionDeps
  /** The listing that the next batch continues; null to begin at the first execution. */
  #listing: AsyncIterator<WorkflowExecutionInfo> | null = null

  constructor(deps: OpenExecutionDeps) {
    this.#deps = deps
  }

  /** Checks the next batch; starts again at the beginning after the last one. */
  async reconcileNextBatch(): Promise<void> {
    const { db } = this.#deps
    const open = await this.#nextBatch().catch((err) => {
      this.#listing = null
      throw err
    })
    const rows = await statusesOf(
      db,
      open.map((e) => e.runKey),
    )
    const registered = await registeredAmong(
      db,
      open.map((e) => e.follower.appId),
    )
    for (const execution of open) {
      const row = rows.get(execution.runKey)
      await this.#reconcile(execution, row, registered.has(execution.follower.appId))
    }
  }

  /** Asks every open execution to write its state. @returns how many received the signal */
  async resyncAll(): Promise<number> {
    const { client, runs } = this.#deps
    let resynced = 0
    const resync = async ({ workflowId, runId }: WorkflowExecutionInfo) => {
      const follower = parseWorkflowId(workflowId)
      if (follower && (await runs.signal(follower, 'resync', undefined, runId)) === 'ok') resynced += 1
    }
    const open = client.workflow.list({ query: OPEN_EXECUTIONS_QUERY })
    await pMap(open, resync, { concurrency: SIGNALS_AT_ONCE })
    return resynced
  }

  async #nextBatch(): Promise<Execution[]> {
    const { client, now } = this.#deps
    const before = new Date(now() - SETTLED_MS).toISOString()
    this.#listing ??= client.workflow
      .list({ query: `${OPEN_EXECUTIONS_QUERY} AND StartTime < '${before}'`, pageSize: BATCH })
      [Symbol.asyncIterator]()
    const found: Execution[] = []
    while (found.length < BATCH) {
      const { value, done } = await this.#listing.next()
      if (done) {
        this.#listing = null
        break
      }
      const follower = parseWorkflowId(value.workflowId)
      const runKey = value.memo?.runKey
      if (follower && typeof runKey === 'string') found.push({ follower, runId: value.runId, runKey })
    }
    return found
  }

  async #reconcile(
    { follower, runId }: Execution,
    row: RunStatus | undefined,
    isRegistered: boolean,
  ): Promise<void> {
    const { runs, now, log } = this.#deps
    if (row && (row.status !== 'ended' || row.updatedAt > now() - SETTLED_MS)) return
    const logFields = { appId: follower.appId, follower: maskId(follower.openId) }
    if (!isRegistered || row?.outcome === 'account-stopped') {
      log.warn(logFields, 'ending a run of a removed account')
      await endRemovedRun(runs, follower, runId)
    } else if (!row || row.outcome === 'terminated') {
      log.warn(logFields, 'requesting the state of an open run that the store lacks')
      await runs.signal(follower, 'resync', undefined, runId)
    } else if (!(await this.#isAboutToEnd(follower, runId))) {
      log.warn({ ...logFields, outcome: row.outcome }, 'ending an open run that has ended in the store')
      await runs.signal(follower, 'cancel', `ended in the store: ${row.outcome}`, runId)
    }
  }

  /** A run writes its end to the store first. Without a worker it cannot close, and a cancellation would change its outcome. */
  async #isAboutToEnd(follower: FollowerKey, runId: string): Promise<boolean> {
    const newest = await this.#deps.runs.describe(follower)
    return newest?.runId === runId && newest.waitsForWorker
  }
}
