import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import type { FollowerNurture, NurtureOutcome } from '../../workflows/follower-nurture.ts'
import { appIdAttribute, campaignAttribute, stateAttribute } from '../../workflows/search-attributes.ts'
import type { AgentWord } from '../campaign/agent-session.ts'
import type { Interaction, Start } from '../campaign/plan.ts'
import { workflowIdOf } from '../ids.ts'
import type { RunRow, Whose } from '../store/runs.ts'
import { cutText } from '../text.ts'
import type { Ledger } from '../wechat/ledger.ts'
import { createErasing, type Erasing } from './erase.ts'

/** The workflow's own task queue; its activities are on `send`. */
export const NURTURE_QUEUE = 'nurture'

const CALL_MS = 10_000

/** The engine did not take a call: it is away, or not ready. The call may be made again. */
export class EngineAwayError extends Error {
  override name = 'EngineAwayError'
}

/** `gone`: no such run is open. */
type SignalAnswer = 'ok' | 'gone'

/** All client calls for one kind of workflow, in one place. Each throws EngineAwayError when Temporal is away. */
export interface Runs extends Erasing {
  /** `agent`: the session that a human agent has already. Begins a run, or tells the open one: Temporal decides which, in one step. */
  startOrSignal(
    whose: Whose,
    start: Start,
    event: Interaction,
    ledger: Ledger,
    agent?: AgentWord | null,
  ): Promise<{ runId: string }>
  /** Begins a run where its row says that it stands; false when this follower has an open one. */
  restore(row: RunRow): Promise<boolean>
  /** @param runId this execution and no other; the open one, if nothing is said */
  signal(whose: Whose, name: RunSignal, payload?: unknown, runId?: string): Promise<SignalAnswer>
  /** The newest execution of this follower, or null. */
  describe(
    whose: Whose,
  ): Promise<{ open: boolean; completed: boolean; runKey: string | null; runId: string } | null>
  /** What a completed execution gave back. */
  resultOf(whose: Whose, runId: string): Promise<NurtureOutcome>
}

export type RunSignal =
  | 'interaction'
  | 'unsubscribed'
  | 'cancel'
  | 'pause'
  | 'resume'
  | 'agent'
  | 'stop'
  | 'release'
  | 'tell'

/** @param client may be unconnected: each call then fails with EngineAwayError */
export function createRuns(client: Client): Runs {
  /** Makes a call with a deadline; whatever keeps Temporal from taking it is one error. */
  async function reaching<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + CALL_MS, call)
    } catch (err) {
      if (err instanceof ServiceError || isGrpcServiceError(err)) {
        throw new EngineAwayError(`Temporal did not take the call: ${err.message}`, { cause: err })
      }
      throw err
    }
  }

  const calls: Omit<Runs, keyof Erasing> = {
    startOrSignal: (whose, start, event, ledger, agent) =>
      reaching(async () => {
        const handle = await client.workflow.signalWithStart<typeof FollowerNurture, [Interaction]>(
          'FollowerNurture',
          {
            ...startOptions(whose, start, 'active'),
            args: [{ start, ledger, recorded: true, signalsInOrder: true, ...(agent ? { agent } : {}) }],
            signal: 'interaction',
            signalArgs: [event],
          },
        )
        return { runId: handle.signaledRunId }
      }),
    restore: (row) =>
      reaching(async () => {
        const start = { entry: row.entry, plan: row.plan }
        // A send that was under way is decided anew; its delivery row knows what became of it.
        const steps = row.state.steps.map((s) =>
          s.state === 'sending' ? { ...s, state: 'pending' as const } : s,
        )
        try {
          await client.workflow.start<typeof FollowerNurture>('FollowerNurture', {
            ...startOptions(row, start, row.status),
            args: [
              {
                start,
                ledger: row.state.ledger,
                recorded: true,
                signalsInOrder: true,
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
    signal: (whose, name, payload, runId) =>
      reaching(async () => {
        const handle = client.workflow.getHandle(workflowIdOf(whose.appId, whose.openId), runId)
        try {
          await handle.signal(name, ...(payload === undefined ? [] : [payload]))
          return 'ok'
        } catch (err) {
          if (err instanceof WorkflowNotFoundError) return 'gone'
          throw err
        }
      }),
    describe: (whose) =>
      reaching(async () => {
        const handle = client.workflow.getHandle(workflowIdOf(whose.appId, whose.openId))
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
    resultOf: (whose, runId) =>
      reaching(() =>
        client.workflow
          .getHandle<typeof FollowerNurture>(workflowIdOf(whose.appId, whose.openId), runId)
          .result(),
      ),
  }
  return { ...calls, ...createErasing({ client, runs: calls, reaching }) }
}

/** How every run is begun. */
function startOptions(whose: Whose, start: Start, status: RunRow['status']) {
  return {
    workflowId: workflowIdOf(whose.appId, whose.openId),
    taskQueue: NURTURE_QUEUE,
    memo: { runKey: start.entry.key },
    staticSummary: summaryOf(start),
    // Workflow tasks too: one account's flood of new runs lets another one's pass.
    priority: { fairnessKey: whose.appId },
    typedSearchAttributes: attributesOf(whose, start, status),
  }
}

/** What the Web UI's list shows; no personal ids. */
function summaryOf(start: Start): string {
  const { entry, plan } = start
  const by = entry.qrScene ? `${entry.event} · ${entry.qrScene}` : entry.event
  return cutText(`${plan.campaign}@${plan.version} · ${by}`, 200)
}

function attributesOf(whose: Whose, start: Start, status: RunRow['status']): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: appIdAttribute, value: whose.appId },
    { key: campaignAttribute, value: start.plan.campaign },
    { key: stateAttribute, value: status },
  ])
}
