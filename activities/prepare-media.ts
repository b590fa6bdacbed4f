import { Context } from '@temporalio/activity'
import { mediaRefs } from '../src/campaign/message.ts'
import type { SendResult } from '../src/campaign/send-result.ts'
import { uploadMissing } from '../src/media/upload.ts'
import { type AttemptClock, attemptClock } from './attempt-clock.ts'
import { finish } from './finish.ts'
import { inPlace } from './in-place.ts'
import { later } from './later.ts'
import type { ActivityDeps } from './ports.ts'
import { type SendInput, sendKey, stepOf, whoseRun } from './send-input.ts'
import { createSettle } from './settle.ts'

const BACKOFF_MAX_MS = 30_000

/**
 * Uploads the media of a step to its account, those that are not there yet or whose three days are nearly over; all of
 * them when WeChat has just refused one (40007). Null when all are ready, a result when the step cannot be sent.
 */
export function createPrepareMedia(deps: ActivityDeps) {
  const settle = createSettle(deps)
  return async function prepareMedia(input: SendInput): Promise<SendResult | null> {
    const clock = attemptClock(input, Context.current().info)
    return inPlace(
      deps,
      clock,
      () => settle(input),
      () => prepare(input, clock, whoseRun()),
    )
  }

  async function prepare(
    input: SendInput,
    clock: AttemptClock,
    whose: ReturnType<typeof whoseRun>,
  ): Promise<SendResult | null> {
    const step = stepOf(input)
    const message = await deps.messageOf(input.state.campaign, input.state.version, step.id)
    const account = await deps.accounts.find(whose.appId)
    // The send says why it keeps the step back; nothing to upload meanwhile.
    if (!message || !account?.active) return null
    const outcome = await uploadMissing(deps, account, mediaRefs(message), { anew: step.errcode === 40007 })
    if (outcome.ok) return null
    if (!outcome.permanent) {
      // Temporal's own delay could pass the margin: then the step would have had no last try.
      const delayMs = Math.min(BACKOFF_MAX_MS, 1_000 * 2 ** (Context.current().info.attempt - 1))
      const reason = `media upload: ${outcome.reason}`
      return later(clock, 'WechatFailed', reason, delayMs, () => settle(input))
    }
    const key = sendKey(input, whose)
    return finish(
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
  }
}
