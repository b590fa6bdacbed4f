import { type Client, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client'
import type { FollowerNurture } from '../../workflows/follower-nurture.ts'
import type { NurtureResult } from '../../workflows/nurture-input.ts'
import type { SignalName } from '../../workflows/signals.ts'
import { type FollowerKey, workflowIdOf } from '../shared/ids.ts'
import { createHistoryDeletion, type HistoryDeletion } from './delete-histories.ts'
import { createRunStarts, type RunStarts } from './run-starts.ts'

export type { SignalName }

const CALL_TIMEOUT_MS = 10_000

/** Temporal did not accept a call: it is unreachable, or not ready. The call may be repeated. */
export class TemporalUnavailableError extends Error {
  override name = 'TemporalUnavailableError'
}

/** `not-open`: no such run is open. */
export type SignalResult = 'ok' | 'not-open'

/** The newest execution of a follower. */
interface ExecutionView {
  open: boolean
  completed: boolean
  /** From the memo; null when the execution has none. */
  runKey: string | null
  runId: string
  /** True when it waits for a worker that decides what it does next. */
  waitsForWorker: boolean
}

/** Calls to runs that exist. */
interface RunCalls {
  /** @param runId limits the signal to this execution; default: the open one */
  signal(follower: FollowerKey, name: SignalName, payload?: unknown, runId?: string): Promise<SignalResult>
  /** The newest execution of this follower, or null. */
  describe(follower: FollowerKey): Promise<ExecutionView | null>
  /** The result of a completed execution. */
  resultOf(follower: FollowerKey, runId: string): Promise<NurtureResult>
}

/** All client calls for `FollowerNurture` workflows. Each throws TemporalUnavailableError while Temporal is unreachable. */
export interface RunClient extends RunStarts, RunCalls, HistoryDeletion {}

/** @param client may be unconnected: each call then fails with TemporalUnavailableError */
export function createRunClient(client: Client): RunClient {
  const callTemporal = <T>(call: () => Promise<T>) => callWithDeadline(client, call)
  const calls = createRunCalls(client, callTemporal)
  return {
    ...createRunStarts(client, callTemporal),
    ...calls,
    ...createHistoryDeletion({ client, runs: calls, callTemporal }),
  }
}

/** @throws TemporalUnavailableError for every error of the connection or of Temporal itself */
async function callWithDeadline<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, call)
  } catch (err) {
    if (err instanceof ServiceError || isGrpcServiceError(err)) {
      throw new TemporalUnavailableError(`Temporal did not accept the call: ${err.message}`, { cause: err })
    }
    throw err
  }
}

function createRunCalls(client: Client, callTemporal: <T>(call: () => Promise<T>) => Promise<T>): RunCalls {
  const handleOf = ({ appId, openId }: FollowerKey, runId?: string) =>
    client.workflow.getHandle<typeof FollowerNurture>(workflowIdOf(appId, openId), runId)
  return {
    signal: (follower, name, payload, runId) =>
      callTemporal(async () => {
        try {
          await handleOf(follower, runId).signal(name, ...(payload === undefined ? [] : [payload]))
          return 'ok'
        } catch (err) {
          if (err instanceof WorkflowNotFoundError) return 'not-open'
          throw err
        }
      }),
    describe: (follower) =>
      callTemporal(async () => {
        try {
          const found = await handleOf(follower).describe()
          const runKey = found.memo?.runKey
          return {
            open: found.status.name === 'RUNNING',
            completed: found.status.name === 'COMPLETED',
            runKey: typeof runKey === 'string' ? runKey : null,
            runId: found.runId,
            waitsForWorker: found.raw.pendingWorkflowTask != null,
          }
        } catch (err) {
          if (err instanceof WorkflowNotFoundError) return null
          throw err
        }
      }),
    resultOf: (follower, runId) => callTemporal(() => handleOf(follower, runId).result()),
  }
}
