import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import { accountFairness } from '../../workflows/fairness-keys.ts'
import type { FollowerNurture } from '../../workflows/follower-nurture.ts'
import {
  appIdAttribute,
  campaignAttribute,
  NURTURE_QUEUE,
  stateAttribute,
  WORKFLOW_TYPE,
} from '../../workflows/names.ts'
import { INPUT_VERSION } from '../../workflows/nurture-input.ts'
import { memoOf } from '../../workflows/readable.ts'
import type { SignalName } from '../../workflows/signals.ts'
import type { AgentSessionChange } from '../run/agent-session.ts'
import type { Interaction, Plan, RunStart } from '../run/plan.ts'
import { type FollowerKey, workflowIdOf } from '../shared/ids.ts'
import { truncateText } from '../shared/text.ts'
import type { RunRow } from '../store/runs/run-rows.ts'
import type { Ledger } from '../wechat/rules/ledger.ts'

const SUMMARY_MAX_LENGTH = 200

/** Calls that start runs. */
export interface RunStarts {
  /**
   * Starts a run, or sends its first event as a signal to the open run. Temporal decides which, in one step. The start of
   * the run is in the signal only, which the open run may need too: docs/adr/0012-each-fact-once.md.
   * @param agentSession the session that a human agent already has with the follower
   */
  startOrSignal(
    follower: FollowerKey,
    event: Interaction & { start: RunStart },
    ledger: Ledger,
    agentSession?: AgentSessionChange | null,
  ): Promise<{ runId: string }>
  /** Starts a run from the state in its row. False when the follower has an open run. */
  startFromRow(row: RunRow, plan: Plan): Promise<boolean>
}

/** @param callTemporal sets the deadline of a call, and turns an error of Temporal into TemporalUnavailableError */
export function createRunStarts(
  client: Client,
  callTemporal: <T>(call: () => Promise<T>) => Promise<T>,
): RunStarts {
  return {
    startOrSignal: (follower, event, ledger, agentSession) =>
      callTemporal(async () => {
        const handle = await client.workflow.signalWithStart<typeof FollowerNurture, [Interaction]>(
          WORKFLOW_TYPE,
          {
            ...startOptions(follower, event.start, 'active'),
            args: [
              {
                inputVersion: INPUT_VERSION,
                ledger,
                recorded: true,
                ...(agentSession ? { agentSession } : {}),
              },
            ],
            signal: 'interaction' satisfies SignalName,
            signalArgs: [event],
          },
        )
        return { runId: handle.signaledRunId }
      }),
    startFromRow: (row, plan) =>
      callTemporal(async () => {
        const start = { entry: row.entry, plan }
        const { ledger } = row.state
        const state = { ...row.state, steps: withoutOpenSends(row.state.steps) }
        try {
          await client.workflow.start<typeof FollowerNurture>(WORKFLOW_TYPE, {
            ...startOptions(row, start, row.status),
            args: [{ inputVersion: INPUT_VERSION, start, ledger, recorded: true, state }],
          })
          return true
        } catch (err) {
          if (err instanceof WorkflowExecutionAlreadyStartedError) return false
          throw err
        }
      }),
  }
}

/** A send that was in progress is decided again. Its delivery row records what became of it. */
function withoutOpenSends(steps: RunRow['state']['steps']): RunRow['state']['steps'] {
  return steps.map((step) => (step.state === 'sending' ? { ...step, state: 'pending' } : step))
}

function startOptions(follower: FollowerKey, start: RunStart, status: RunRow['status']) {
  return {
    workflowId: workflowIdOf(follower.appId, follower.openId),
    taskQueue: NURTURE_QUEUE,
    memo: memoOf(start.entry),
    staticSummary: summaryOf(start),
    // For workflow tasks too: a burst of new runs of one account does not delay the runs of others.
    priority: accountFairness(follower.appId),
    typedSearchAttributes: attributesOf(follower, start, status),
  }
}

/** The text in the Web UI's list of workflows. It contains no personal ids. */
function summaryOf(start: RunStart): string {
  const { entry, plan } = start
  const trigger = entry.qrScene ? `${entry.event} · ${entry.qrScene}` : entry.event
  return truncateText(`${plan.campaign}@${plan.version} · ${trigger}`, SUMMARY_MAX_LENGTH)
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
