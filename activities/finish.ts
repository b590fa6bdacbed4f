import { applySend, type SendResult } from '../src/campaign/send-result.ts'
import type { RunState } from '../src/campaign/state.ts'
import { maskId } from '../src/ids.ts'
import { type SendKey, writeResult } from '../src/store/deliveries.ts'
import { saveSnapshot } from '../src/store/runs.ts'
import { type Kept, REDUCED_NOTE } from '../src/store/snapshots.ts'
import { storable } from '../src/text.ts'
import type { ActivityDeps } from './ports.ts'
import { type SendInput, stepOf } from './send-input.ts'

const ROW_STATE = {
  sent: 'sent',
  unknown: 'unknown',
  refused: 'skipped',
  gone: 'failed',
  'not-sent': 'failed',
  'window-over': 'failed',
  'quota-used': 'failed',
  'media-expired': 'failed',
} as const

/** Writes what became of a step, with the snapshot that the workflow will come to as well, and counts it. */
export async function finish(
  deps: ActivityDeps,
  input: SendInput,
  at: { key: SendKey; runId: string; rid: string | null },
  answered: SendResult,
): Promise<SendResult> {
  const { db, log, now, metrics } = deps
  // The workflow keeps it too, and writes it with each later snapshot.
  const result = storable(answered)
  const after = stateAfter(input, result)
  const step = after.steps[input.index]
  const errcode = 'errcode' in result ? result.errcode : (step?.errcode ?? null)
  const stays = result.unclear > 0 && step?.state === 'unknown'
  const kept = await writeResult(
    db,
    at.key,
    {
      state: stays ? 'unknown' : ROW_STATE[result.result],
      sentAt: result.result === 'sent' ? result.at : null,
      errcode,
      reason: 'reason' in result ? result.reason : result.result === 'sent' ? null : result.result,
      rid: at.rid,
      now: now(),
    },
    { state: after, runId: at.runId },
  )
  noteKept(deps, at.key, kept)
  const { runKey, appId, openId } = at.key
  const ended = stays ? 'unknown' : result.result
  log.info(
    {
      key: runKey,
      run: runKey,
      appId,
      follower: maskId(openId),
      step: at.key.stepId,
      result: ended,
      errcode,
      rid: at.rid,
    },
    'send ended',
  )
  metrics.sent(ended, result.result === 'sent' ? 0 : errcode)
  if (result.result === 'window-over') metrics.mismatch(45015)
  if (result.result === 'quota-used') metrics.mismatch(45047)
  const { dueAt, wasHeld } = stepOf(input)
  if (result.result === 'sent' && dueAt !== null) metrics.lateness(Math.max(0, result.at - dueAt), wasHeld)
  return kept === 'whole' ? result : { ...result, note: REDUCED_NOTE }
}

/**
 * A result that an attempt before this one has written: its worker may have died before it wrote the snapshot, which the
 * workflow relies on. WeChat is not asked again.
 */
export async function alreadyDone(
  deps: ActivityDeps,
  input: SendInput,
  at: { key: SendKey; runId: string },
  result: SendResult,
): Promise<SendResult> {
  const snapshot = { state: stateAfter(input, result), runId: at.runId }
  noteKept(deps, at.key, await saveSnapshot(deps.db, at.key.runKey, snapshot, deps.now()))
  return result
}

/** Has an operator see a snapshot that the store did not take as it is. */
export function noteKept(
  { log, metrics }: Pick<ActivityDeps, 'log' | 'metrics'>,
  { runKey, appId, openId }: { runKey: string; appId: string; openId: string },
  kept: Kept,
): void {
  if (kept === 'whole') return
  metrics.snapshotReduced(kept)
  log.error(
    { key: runKey, run: runKey, appId, follower: maskId(openId), kept },
    'the store refused the snapshot of a run for good; its row says less than happened, and the run goes on',
  )
}

function stateAfter({ grant, index, state }: SendInput, result: SendResult): RunState {
  return applySend(state, index, { grant, grants: state.ledger }, result)
}
