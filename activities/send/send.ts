import { Context } from '@temporalio/activity'
import type { SendResult } from '../../src/run/send-result.ts'
import { attemptDeadline } from '../attempt/attempt-deadline.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { isLastTry, retryAfter } from '../attempt/retry-after.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps } from '../deps.ts'
import { createResolveUnanswered } from './resolve-unanswered.ts'
import { SendAttempt } from './send-attempt.ts'
import type { SendInput } from './send-input.ts'
import { StepDelivery } from './step-delivery.ts'
import type { UnrecordedSends } from './unrecorded-sends.ts'

/**
 * Sends one step. A business outcome is returned as a value. When a retry may succeed, it throws an ApplicationFailure whose
 * `nextRetryDelay` ends before the grant's margin: docs/contract.md#4-sending.
 */
export function createSend(deps: ActivityDeps, unrecorded: UnrecordedSends) {
  const resolveUnanswered = createResolveUnanswered(deps)
  return async function send(input: SendInput): Promise<SendResult> {
    const { info } = Context.current()
    const deadline = attemptDeadline(input, info)
    const attempt = async () => {
      const delivery = await StepDelivery.open(deps, { input, deadline })
      // Temporal has waited before every other attempt. Before the first one, a local attempt may have failed.
      const waitMs = info.attempt === 1 ? delivery.retryInMs : 0
      if (waitMs > 0 && !isLastTry(deadline))
        return retryAfter(deadline, 'WechatFailed', delivery.row?.reason ?? '', waitMs, () =>
          resolveUnanswered(input),
        )
      const given = { input, deadline, delivery, unrecorded, resolveUnanswered }
      return new SendAttempt(deps, given).execute(info.attempt)
    }
    return endOnError(
      deps,
      () => withSendSlot(deps, deadline, () => resolveUnanswered(input), attempt),
      (error) => resolveUnanswered(input, error),
    )
  }
}
