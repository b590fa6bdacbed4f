import { Context } from '@temporalio/activity'
import { mediaRefs } from '../../src/campaign/message.ts'
import { uploadMissing } from '../../src/media/upload-media.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import { ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import { type AttemptDeadline, attemptDeadline } from '../attempt/attempt-deadline.ts'
import { currentRun } from '../attempt/current-run.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { retryOnProblem } from '../attempt/retry-on-problem.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps } from '../deps.ts'
import { recordResult } from '../send/record-result.ts'
import { createResolveUnanswered } from '../send/resolve-unanswered.ts'
import { type SendInput, sendKey, stepOf } from '../send/send-input.ts'

/**
 * Uploads a step's media to its account: those that are missing there or expire soon, and all of them after WeChat refused
 * one (40007). A medium that WeChat does not accept, or an unreadable answer, ends this step only.
 * @returns null when all media are ready, a result when the step cannot be sent
 */
export function createPrepareMedia(deps: ActivityDeps) {
  const resolveUnanswered = createResolveUnanswered(deps)
  return async function prepareMedia(input: SendInput): Promise<SendResult | null> {
    const deadline = attemptDeadline(input, Context.current().info)
    const work = () => prepare(input, deadline, currentRun())
    return endOnError(
      deps,
      () => withSendSlot(deps, deadline, () => resolveUnanswered(input), work),
      (error) => resolveUnanswered(input, error),
    )
  }

  async function prepare(
    input: SendInput,
    deadline: AttemptDeadline,
    run: ReturnType<typeof currentRun>,
  ): Promise<SendResult | null> {
    const step = stepOf(input)
    const message = await deps.messageOf(input.state.campaign, input.state.version, step.id)
    const account = await deps.accounts.find(run.appId)
    // The send activity then ends or defers the step, and records the reason.
    if (!message || !account?.active) return null
    const outcome = await uploadMissing(deps, account, mediaRefs(message), {
      force: step.errcode === ERRCODE.invalidMediaId,
    })
    if (outcome.ok) return null
    if (outcome.is !== 'unusable') {
      const { attempt } = Context.current().info
      const onDeadline = () => resolveUnanswered(input)
      const retried = await retryOnProblem(deps, account, outcome, { deadline, attempt, onDeadline })
      if (retried) return retried
    }
    const key = sendKey(input, run)
    return recordResult(
      deps,
      input,
      { key, runId: run.runId, rid: null },
      {
        result: 'refused',
        reason: outcome.reason,
        errcode: outcome.errcode ?? 0,
        at: deadline.now(),
        unclear: 0,
      },
    )
  }
}
