import { applySend, doneStep } from '../../src/run/act.ts'
import { completeRun } from '../../src/run/run-actions.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import type { RunState } from '../../src/run/state.ts'
import { maskId } from '../../src/shared/ids.ts'
import { storable } from '../../src/shared/text.ts'
import type { Db } from '../../src/store/db.ts'
import {
  recordLastStep,
  recordStepResult,
  type SendKey,
  type StepResult,
} from '../../src/store/runs/deliveries.ts'
import { saveSnapshot } from '../../src/store/runs/run-rows.ts'
import { REDACTION_NOTE, type StoredDetail } from '../../src/store/runs/run-snapshots.ts'
import { writeStepEffects } from '../../src/store/runs/step-effects.ts'
import { ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import { reportEffects } from '../act.ts'
import type { ActivityDeps } from '../deps.ts'
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
  capped: 'deferred',
} as const

interface Attempt {
  key: SendKey
  runId: string
  /** WeChat's request id. */
  rid: string | null
}

/**
 * Writes a step's result, and the run's snapshot that the workflow will compute from it: with the end of the run, when the
 * step was its last one. Logs and counts the result.
 */
export async function recordResult(
  deps: ActivityDeps,
  input: SendInput,
  at: Attempt,
  outcome: SendResult,
): Promise<SendResult> {
  const { now } = deps
  // The workflow keeps the result too, and writes it with each later snapshot.
  const result = storable(outcome)
  const after = stateAfter(input, result)
  const step = after.steps[input.index]
  const errcode = 'errcode' in result ? result.errcode : (step?.errcode ?? null)
  const staysUnknown = result.unclear > 0 && step?.state === 'unknown'
  const row: StepResult = {
    state: staysUnknown ? 'unknown' : step?.state === 'skipped' ? 'skipped' : ROW_STATE[result.result],
    sentAt: result.result === 'sent' ? result.at : null,
    errcode,
    reason: 'reason' in result ? result.reason : result.result === 'sent' ? null : result.result,
    rid: at.rid,
    now: now(),
  }
  const recorded = await write(deps, input, at, { result, after, row })
  report(deps, input, at, { result, logged: staysUnknown ? 'unknown' : result.result, errcode })
  return recorded
}

/** @returns the result, with what the workflow must know of the row */
async function write(
  deps: ActivityDeps,
  input: SendInput,
  { key, runId }: Attempt,
  { result, after, row }: { result: SendResult; after: RunState; row: StepResult },
): Promise<SendResult> {
  const { db, metrics } = deps
  const isSent = result.result === 'sent'
  const also = isSent ? effectsWriter(deps, input, key, { after, at: result.at, now: row.now }) : null
  if (input.completesRun && isSent) {
    const ended = { state: completeRun(after, result.at), runId }
    if (await recordLastStep(db, key, row, ended, also)) {
      metrics.ended('completed')
      return { ...result, completedRun: true }
    }
  }
  const stored = await recordStepResult(db, key, row, { state: after, runId }, also)
  reportReducedSnapshot(deps, key, stored)
  return stored === 'whole' ? result : { ...result, warning: REDACTION_NOTE }
}

/**
 * Writes what the step does besides its message; null when it does nothing. A late `sent` writes nothing when the run has already
 * taken the result for unknown: the run would not know of it.
 */
function effectsWriter(
  deps: ActivityDeps,
  { effects, index }: SendInput,
  key: SendKey,
  { after, at, now }: { after: RunState; at: number; now: number },
) {
  if (!effects) return null
  const follower = { appId: key.appId, openId: key.openId }
  let isTooLate = false
  return async (tx: Db, wasUnknown: boolean) => {
    // A second call finds the result of the first.
    isTooLate ||= wasUnknown
    if (isTooLate) return () => {}
    const written = await writeStepEffects(tx, follower, doneStep(after, index, effects, at), now)
    return () => reportEffects(deps, key, written)
  }
}

/** Logs and counts a result. */
function report(
  { log, metrics }: ActivityDeps,
  input: SendInput,
  { key, rid }: Attempt,
  { result, logged, errcode }: { result: SendResult; logged: string; errcode: number | null },
): void {
  const { runKey, appId, openId, stepId } = key
  log.info(
    { key: runKey, run: runKey, appId, follower: maskId(openId), step: stepId, result: logged, errcode, rid },
    'send ended',
  )
  metrics.sent(logged, result.result === 'sent' ? 0 : errcode)
  if (result.result === 'window-over') metrics.mismatch(ERRCODE.windowOver)
  if (result.result === 'quota-used') metrics.mismatch(ERRCODE.quotaUsed)
  const { dueAt, wasHeld } = stepOf(input)
  if (result.result === 'sent' && dueAt !== null) metrics.lateness(Math.max(0, result.at - dueAt), wasHeld)
}

/**
 * Returns a result that an earlier attempt has written. Its worker may have died before it wrote the snapshot, which the
 * workflow relies on, so this writes the snapshot. No request is made.
 */
export async function recordKnownResult(
  deps: ActivityDeps,
  input: SendInput,
  at: { key: SendKey; runId: string },
  result: SendResult,
): Promise<SendResult> {
  const snapshot = { state: stateAfter(input, result), runId: at.runId }
  reportReducedSnapshot(deps, at.key, await saveSnapshot(deps.db, at.key.runKey, snapshot, deps.now()))
  return result
}

/** Reports to operators that the store accepted a snapshot only in part, or not at all. */
export function reportReducedSnapshot(
  { log, metrics }: Pick<ActivityDeps, 'log' | 'metrics'>,
  { runKey, appId, openId }: { runKey: string; appId: string; openId: string },
  stored: StoredDetail,
): void {
  if (stored === 'whole') return
  metrics.snapshotReduced(stored)
  log.error(
    { key: runKey, run: runKey, appId, follower: maskId(openId), stored },
    'the store refused a run snapshot: its row is incomplete, and the run continues',
  )
}

function stateAfter({ grant, index, state, effects }: SendInput, result: SendResult): RunState {
  return applySend(state, index, { grant, grants: state.ledger }, result, effects?.acts)
}
