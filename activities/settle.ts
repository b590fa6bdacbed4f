import type { SendResult } from '../src/campaign/send-result.ts'
import { readDelivery } from '../src/store/deliveries.ts'
import { endOnFault } from './fault.ts'
import { alreadyDone, finish } from './finish.ts'
import type { ActivityDeps } from './ports.ts'
import { type SendInput, sendKey, whoseRun } from './send-input.ts'

/**
 * What became of a send that nobody answered for: given up by a signal, out of time, or lost with its worker. The
 * delivery row knows whether a request left: with one whose answer never came, the step is unknown, never sent again.
 * `fault`: our own, that no waiting mends; a step of which no request left is then skipped for it.
 */
export function createSettle(deps: ActivityDeps) {
  return async function settle(input: SendInput, fault?: string): Promise<SendResult> {
    const whose = whoseRun()
    const key = sendKey(input, whose)
    const row = await readDelivery(deps.db, key.runKey, key.stepId)
    const at = input.now
    if (row?.state === 'sent')
      return alreadyDone(
        deps,
        input,
        { key, runId: whose.runId },
        { result: 'sent', at: row.sentAt ?? at, unclear: row.unclear },
      )
    const unclear = (row?.unclear ?? 0) + (row?.state === 'open' ? 1 : 0)
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
    const write = () => finish(deps, input, { key, runId: whose.runId, rid: row?.rid ?? null }, result)
    // What the store refuses to keep must not hold up the series.
    return endOnFault(deps, write, async () => result)
  }
}
