import type { SendResult } from '../../src/run/send-result.ts'
import { readDelivery } from '../../src/store/runs/deliveries.ts'
import { currentRun } from '../attempt/current-run.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import type { ActivityDeps } from '../deps.ts'
import { recordKnownResult, recordResult } from './record-result.ts'
import { type SendInput, sendKey } from './send-input.ts'
import { NO_ANSWER } from './step-delivery.ts'

/**
 * Finds the result of a send that returned none: a signal interrupted it, it timed out, or its worker was lost. The delivery
 * row says whether a request was sent. A step with an unanswered request ends as unknown and is not sent again.
 *
 * `error`: the unexpected error that ended the send (`endOnError`). A step without a request is then skipped, with the error
 * as its reason.
 */
export function createResolveUnanswered(deps: ActivityDeps) {
  return async function resolveUnanswered(input: SendInput, error?: string): Promise<SendResult> {
    const run = currentRun()
    const key = sendKey(input, run)
    const row = await readDelivery(deps.db, key.runKey, key.stepId)
    const at = input.now
    if (row?.state === 'sent')
      return recordKnownResult(
        deps,
        input,
        { key, runId: run.runId },
        { result: 'sent', at: row.sentAt ?? at, unclear: row.unclear },
      )
    const unclear = (row?.unclear ?? 0) + (row?.state === 'sending' ? 1 : 0)
    const result: SendResult =
      unclear > 0
        ? { result: 'unknown', reason: error ?? NO_ANSWER, at, unclear }
        : error
          ? { result: 'refused', reason: error, errcode: 0, at, unclear }
          : {
              result: 'not-sent',
              reason: row?.reason ?? 'not started in time',
              errcode: row?.errcode ?? null,
              at,
              unclear,
            }
    const write = () => recordResult(deps, input, { key, runId: run.runId, rid: row?.rid ?? null }, result)
    // A result that the store refuses must not block the series.
    return endOnError(deps, write, async () => result)
  }
}
