import { Context } from '@temporalio/activity'
import type { SendResult } from '../../src/run/send-result.ts'
import { attemptDeadline } from '../attempt/attempt-deadline.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps } from '../deps.ts'
import { createResolveUnanswered } from './resolve-unanswered.ts'
import { SendAttempt } from './send-attempt.ts'
import type { SendInput } from './send-input.ts'
import { UnrecordedSends } from './unrecorded-sends.ts'

/**
 * Sends one step. Business outcomes are returned; whatever a retry may change is thrown as an ApplicationFailure whose
 * `nextRetryDelay` never reaches beyond the grant's margin (docs/contract.md#4-sending).
 */
export function createSend(deps: ActivityDeps) {
  const resolveUnanswered = createResolveUnanswered(deps)
  const unrecorded = new UnrecordedSends()
  return async function send(input: SendInput): Promise<SendResult> {
    const deadline = attemptDeadline(input, Context.current().info)
    const attempt = () => new SendAttempt(deps, { input, deadline, unrecorded, resolveUnanswered }).execute()
    return endOnError(
      deps,
      () => withSendSlot(deps, deadline, () => resolveUnanswered(input), attempt),
      (fault) => resolveUnanswered(input, fault),
    )
  }
}
