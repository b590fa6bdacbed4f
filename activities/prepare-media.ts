import { Context } from '@temporalio/activity'
import { mediaRefs } from '../src/campaign/message.ts'
import type { SendResult } from '../src/campaign/send-result.ts'
import { uploadMissing } from '../src/media/upload.ts'
import { waitOut } from './account-trouble.ts'
import { type AttemptClock, attemptClock } from './attempt-clock.ts'
import { endOnFault } from './fault.ts'
import { finish } from './finish.ts'
import { inPlace } from './in-place.ts'
import type { ActivityDeps } from './ports.ts'
import { type SendInput, sendKey, stepOf, whoseRun } from './send-input.ts'
import { createSettle } from './settle.ts'

/**
 * Uploads the media of a step to its account, those that are not there yet or whose three days are nearly over; all of
 * them when WeChat has just refused one (40007). Null when all are ready, a result when the step cannot be sent: a medium
 * that WeChat does not take, or an answer that cannot be read, ends its step and nothing else.
 */
export function createPrepareMedia(deps: ActivityDeps) {
  const settle = createSettle(deps)
  return async function prepareMedia(input: SendInput): Promise<SendResult | null> {
    const clock = attemptClock(input, Context.current().info)
    const work = () => prepare(input, clock, whoseRun())
    return endOnFault(
      deps,
      () => inPlace(deps, clock, () => settle(input), work),
      (fault) => settle(input, fault),
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
    if (outcome.is !== 'gone') {
      const { attempt } = Context.current().info
      const otherwise = () => settle(input)
      const waited = await waitOut(deps, account, outcome, { clock, attempt, otherwise })
      if (waited) return waited
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
