import { applySend, type SendResult } from '../src/campaign/send-result.ts'
import { maskId } from '../src/ids.ts'
import { type SendKey, writeResult } from '../src/store/deliveries.ts'
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
  { db, log, now, metrics }: ActivityDeps,
  input: SendInput,
  at: { key: SendKey; runId: string; rid: string | null },
  result: SendResult,
): Promise<SendResult> {
  const { grant, index, state } = input
  const after = applySend(state, index, { grant, grants: state.ledger }, result)
  const errcode = 'errcode' in result ? result.errcode : (after.steps[index]?.errcode ?? null)
  const stays = result.unclear > 0 && after.steps[index]?.state === 'unknown'
  await writeResult(
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
  return result
}
