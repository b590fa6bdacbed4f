import type { SendResult } from '../../src/run/send-result.ts'
import { readDelivery } from '../../src/store/runs/deliveries.ts'
import { currentRun } from '../attempt/current-run.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import type { ActivityDeps } from '../deps.ts'
import { recordKnownResult, recordResult } from './record-result.ts'
import { type SendInput, sendKey } from './send-input.ts'

/**
 * What became of a send that nobody answered for: given up by a signal, out of time, or lost with its worker. The
 * delivery row knows whether a request left: with one whose answer never came, the step is unknown, never sent again.
 * `fault`: our own, that no waiting mends; a step of which no request left is then skipped for it.
 */
export function createResolveUnanswered(deps: ActivityDeps) {
  return async function resolveUnanswered(input: SendInput, fault?: string): Promise<SendResult> {
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
        ? { result: 'unknown', reason: fault ?? 'no answer from WeChat', at, unclear }
        : fault
          ? { result: 'refused', reason: fault, errcode: 0, at, unclear }
          : {
              result: 'not-sent',
              reason: row?.reason ?? 'not taken up in time',
              errcode: row?.errcode ?? null,
              at,
              unclear,
            }
    const write = () => recordResult(deps, input, { key, runId: run.runId, rid: row?.rid ?? null }, result)
    // What the store refuses to keep must not hold up the series.
    return endOnError(deps, write, async () => result)
  }
}
