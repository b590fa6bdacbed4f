import { ApplicationFailure, Context } from '@temporalio/activity'
import { mediaRefs } from '../src/campaign/message.ts'
import type { SendResult } from '../src/campaign/send-result.ts'
import { uploadMissing } from '../src/media/upload.ts'
import { attemptClock } from './attempt-clock.ts'
import { finish } from './finish.ts'
import type { ActivityDeps } from './ports.ts'
import { type SendInput, sendKey, stepOf, whoseRun } from './send-input.ts'

/**
 * Uploads the media of a step to its account, those that are not there yet or whose three days are nearly over; all of
 * them when WeChat has just refused one (40007). Null when all are ready, a result when the step cannot be sent.
 */
export function createPrepareMedia(deps: ActivityDeps) {
  return async function prepareMedia(input: SendInput): Promise<SendResult | null> {
    const context = Context.current()
    const clock = attemptClock(input, context.info)
    const whose = whoseRun()
    const step = stepOf(input)
    const message = await deps.messageOf(input.state.campaign, input.state.version, step.id)
    const account = await deps.accounts.find(whose.appId)
    // The send says why it keeps the step back; nothing to upload meanwhile.
    if (!message || !account?.active) return null
    const heart = setInterval(() => context.heartbeat(), 3_000)
    try {
      const outcome = await uploadMissing(deps, account, mediaRefs(message), { anew: step.errcode === 40007 })
      if (outcome.ok) return null
      if (!outcome.permanent) {
        throw ApplicationFailure.create({ type: 'WechatFailed', message: `media upload: ${outcome.reason}` })
      }
      const key = sendKey(input, whose)
      return await finish(
        deps,
        input,
        { key, runId: whose.runId, rid: null },
        {
          result: 'refused',
          reason: outcome.reason,
          errcode: outcome.errcode ?? 0,
          at: clock.now(),
          unclear: 0,
        },
      )
    } finally {
      clearInterval(heart)
    }
  }
}
