import { ActivityFailure, CancellationScope, isCancellation } from '@temporalio/workflow'
import type { SendInput } from '../activities/index.ts'
import type { PlanStep } from '../src/run/plan.ts'
import type { SendResult } from '../src/run/send-result.ts'
import { prepareMedia, resolveUnanswered, send, sendNow } from './activity-calls.ts'
import type { InterruptibleScope } from './interruption.ts'

/** Sends a step, first as a local activity if `localFirst`. A signal may interrupt the wait for the next attempt. */
export async function sendStep(
  appId: string,
  step: PlanStep,
  input: SendInput,
  { localFirst, interruptible }: { localFirst: boolean; interruptible: InterruptibleScope },
): Promise<SendResult> {
  try {
    return await interruptible.run(async () => {
      const sent = localFirst ? await sendNow(input) : null
      if (sent) return sent
      const failure = step.media ? await prepareMedia(appId, step, input) : null
      if (failure) return failure
      // The upload, or the wait for an active account, took time.
      const now = Date.now()
      return send(appId, step, { ...input, now, leftMs: input.leftMs - (now - input.now) })
    })
  } catch (err) {
    if (!(err instanceof ActivityFailure) && !isCancellation(err)) throw err
    // A signal interrupted the send, or it timed out. The delivery row has the result.
    return CancellationScope.nonCancellable(() => resolveUnanswered(appId, input))
  }
}
