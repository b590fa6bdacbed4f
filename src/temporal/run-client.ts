import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import type { FollowerNurture } from '../../workflows/follower-nurture.ts'
import {
  appIdAttribute,
  campaignAttribute,
  NURTURE_QUEUE,
  stateAttribute,
  WORKFLOW_TYPE,
} from '../../workflows/names.ts'
import type { NurtureResult } from '../../workflows/nurture-input.ts'
import type { SignalName } from '../../workflows/signals.ts'
import type { AgentSessionChange } from '../run/agent-session.ts'
import type { Interaction, RunStart } from '../run/plan.ts'
import { type FollowerKey, workflowIdOf } from '../shared/ids.ts'
import { truncateText } from '../shared/text.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import type { Ledger } from '../wechat/rules/ledger.ts'
import { createHistoryDeletion, type HistoryDeletion } from './delete-histories.ts'

export type { SignalName }

const CALL_TIMEOUT_MS = 10_000

/** The engine did not take a call: it is away, or not ready. The call may be made again. */
export class TemporalUnavailableError extends Error {
  override name = 'TemporalUnavailableError'
}

/** `gone`: no such run is open. */
type SignalResult = 'ok' | 'gone'

/** All client calls for one kind of workflow, in one place. Each throws TemporalUnavailableError when Temporal is away. */
export interface RunClient extends HistoryDeletion {
  /** `agentSession`: the session that a human agent has already. Begins a run, or tells the open one: Temporal decides which, in one step. */
  startOrSignal(
    follower: FollowerKey,
    start: RunStart,
    event: Interaction,
    ledger: Ledger,
    agentSession?: AgentSessionChange | null,
  ): Promise<{ runId: string }>
  /** Begins a run where its row says that it stands; false when this follower has an open one. */
  startFromRow(row: RunRow): Promise<boolean>
  /** @param runId this execution and no other; the open one, if nothing is said */
  signal(follower: FollowerKey, name: SignalName, payload?: unknown, runId?: string): Promise<SignalResult>
  /** The newest execution of this follower, or null. */
  describe(
    follower: FollowerKey,
  ): Promise<{ open: boolean; completed: boolean; runKey: string | null; runId: string } | null>
  /** What a completed execution gave back. */
  resultOf(follower: FollowerKey, runId: string): Promise<NurtureResult>
}

/** @param client may be unconnected: each call then fails with TemporalUnavailableError */
export function createRunClient(client: Client): RunClient {
  /** Makes a call with a deadline; whatever keeps Temporal from taking it is one error. */
  async function callTemporal<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, call)
    } catch (err) {
      if (err instanceof ServiceError || isGrpcServiceError(err)) {
        throw new TemporalUnavailableError(`Temporal did not take the call: ${err.message}`, { cause: err })
      }
      throw err
    }
  }

  const calls: Omit<RunClient, keyof HistoryDeletion> = {
    startOrSignal: (follower, start, event, ledger, agentSession) =>
      callTemporal(async () => {
        const handle = await client.workflow.signalWithStart<typeof FollowerNurture, [Interaction]>(
          WORKFLOW_TYPE,
          {
            ...startOptions(follower, start, 'active'),
            args: [{ start, ledger, recorded: true, ...(agentSession ? { agentSession } : {}) }],
            signal: 'interaction' satisfies SignalName,
            signalArgs: [event],
          },
        )
        return { runId: handle.signaledRunId }
      }),
    startFromRow: (row) =>
      callTemporal(async () => {
        const start = { entry: row.entry, plan: row.plan }
        // A send that was under way is decided anew; its delivery row knows what became of it.
        const steps = row.state.steps.map((s) =>
          s.state === 'sending' ? { ...s, state: 'pending' as const } : s,
        )
        try {
          await client.workflow.start<typeof FollowerNurture>(WORKFLOW_TYPE, {
            ...startOptions(row, start, row.status),
            args: [
              {
                start,
                ledger: row.state.ledger,
                recorded: true,
                state: { ...row.state, steps },
              },
            ],
          })
          return true
        } catch (err) {
          if (err instanceof WorkflowExecutionAlreadyStartedError) return false
          throw err
        }
      }),
    signal: (follower, name, payload, runId) =>
      callTemporal(async () => {
        const handle = client.workflow.getHandle(workflowIdOf(follower.appId, follower.openId), runId)
        try {
          await handle.signal(name, ...(payload === undefined ? [] : [payload]))
          return 'ok'
        } catch (err) {
          if (err instanceof WorkflowNotFoundError) return 'gone'
          throw err
        }
      }),
    describe: (follower) =>
      callTemporal(async () => {
        const handle = client.workflow.getHandle(workflowIdOf(follower.appId, follower.openId))
        try {
          const found = await handle.describe()
          const runKey = found.memo?.runKey
          return {
            open: found.status.name === 'RUNNING',
            completed: found.status.name === 'COMPLETED',
            runKey: typeof runKey === 'string' ? runKey : null,
            runId: found.runId,
          }
        } catch (err) {
          if (err instanceof WorkflowNotFoundError) return null
          throw err
        }
      }),
    resultOf: (follower, runId) =>
      callTemporal(() =>
        client.workflow
          .getHandle<typeof FollowerNurture>(workflowIdOf(follower.appId, follower.openId), runId)
          .result(),
      ),
  }
  return { ...calls, ...createHistoryDeletion({ client, runs: calls, callTemporal }) }
}

/** How every run is begun. */
function startOptions(follower: FollowerKey, start: RunStart, status: RunRow['status']) {
  return {
    workflowId: workflowIdOf(follower.appId, follower.openId),
    taskQueue: NURTURE_QUEUE,
    memo: { runKey: start.entry.key },
    staticSummary: summaryOf(start),
    // Workflow tasks too: one account's flood of new runs lets another one's pass.
    priority: { fairnessKey: follower.appId },
    typedSearchAttributes: attributesOf(follower, start, status),
  }
}

/** What the Web UI's list shows; no personal ids. */
function summaryOf(start: RunStart): string {
  const { entry, plan } = start
  const trigger = entry.qrScene ? `${entry.event} · ${entry.qrScene}` : entry.event
  return truncateText(`${plan.campaign}@${plan.version} · ${trigger}`, 200)
}

function attributesOf(
  follower: FollowerKey,
  start: RunStart,
  status: RunRow['status'],
): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: appIdAttribute, value: follower.appId },
    { key: campaignAttribute, value: start.plan.campaign },
    { key: stateAttribute, value: status },
  ])
}
