import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { endRemovedRun } from '../engine/account-runs.ts'
import type { Runs } from '../engine/runs.ts'
import { maskId, whoseOf } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Db } from '../store/db.ts'
import { registeredAmong } from '../store/removed-accounts.ts'
import { statusesOf } from '../store/runs.ts'

/** A run younger than this may not be in the store yet; a row changed since may be ahead of what Temporal lists. */
const SETTLED_MS = 60_000
/** How many open executions one round looks at. */
const BATCH = 200

const OPEN = "WorkflowType = 'FollowerNurture' AND ExecutionStatus = 'Running'"

interface Execution {
  workflowId: string
  runId: string
  runKey: string
}

/**
 * Looks at open executions and at what the store says of them. One that the store does not know (restored from a backup),
 * or has as terminated (made to go on by a reset), is asked to tell; one that the store has ended (its account was removed
 * while Temporal was away) is ended.
 */
export function createStrays(deps: { db: Db; client: Client; runs: Runs; now: () => number; log: Log }) {
  const { db, client, runs, now, log } = deps
  let listed: AsyncIterator<WorkflowExecutionInfo> | null = null

  async function batch(): Promise<Execution[]> {
    const before = new Date(now() - SETTLED_MS).toISOString()
    listed ??= client.workflow
      .list({ query: `${OPEN} AND StartTime < '${before}'`, pageSize: BATCH })
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
    /** Looks at the next batch; from the beginning again when all were seen. */
    async sweep(): Promise<void> {
      const open = await batch().catch((err) => {
        listed = null
        throw err
      })
      const known = await statusesOf(
        db,
        open.map((e) => e.runKey),
      )
      const registered = await registeredAmong(
        db,
        open.flatMap((e) => whoseOf(e.workflowId)?.appId ?? []),
      )
      for (const { workflowId, runId, runKey } of open) {
        const whose = whoseOf(workflowId)
        const row = known.get(runKey)
        if (!whose || (row && (row.status !== 'ended' || row.updatedAt > now() - SETTLED_MS))) continue
        const follower = { appId: whose.appId, follower: maskId(whose.openId) }
        if (!registered.has(whose.appId) || row?.outcome === 'account-stopped') {
          log.warn(follower, 'a run goes on although its account was removed: it is ended')
          await endRemovedRun(runs, whose, runId)
        } else if (!row || row.outcome === 'terminated') {
          log.warn(follower, 'the store does not know how a run stands: it is asked')
          await runs.signal(whose, 'tell', undefined, runId)
        } else {
          log.warn({ ...follower, outcome: row.outcome }, 'a run goes on that was over: it is ended')
          await runs.signal(whose, 'cancel', `over in the store: ${row.outcome}`, runId)
        }
      }
    },
    /** Asks every open execution to tell. */
    async askAll(): Promise<number> {
      let asked = 0
      for await (const { workflowId, runId } of client.workflow.list({ query: OPEN })) {
        const whose = whoseOf(workflowId)
        if (whose && (await runs.signal(whose, 'tell', undefined, runId)) === 'ok') asked += 1
      }
      return asked
    },
  }
}
