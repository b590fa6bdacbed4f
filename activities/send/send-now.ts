import { Context } from '@temporalio/activity'
import { mediaRefs } from '../../src/campaign/message.ts'
import { areUploaded } from '../../src/media/upload-media.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import { ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import { attemptDeadline } from '../attempt/attempt-deadline.ts'
import { currentRun } from '../attempt/current-run.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { createResolveUnanswered } from './resolve-unanswered.ts'
import { SendAttempt } from './send-attempt.ts'
import { type SendInput, stepOf } from './send-input.ts'
import { StepDelivery } from './step-delivery.ts'
import type { UnrecordedSends } from './unrecorded-sends.ts'

/**
 * Sends a due step immediately, as a local activity in the workflow's process. It makes the first attempt only, and only
 * when the account is active, its access token and the step's media are at hand, and the account has a free send slot. The
 * result costs one marker in the history and no task in Temporal's queues: docs/adr/0010-send-locally-first.md.
 *
 * @returns null when the step needs the `send` activity, which has retries and a queue that is fair between accounts. The
 *   delivery row tells that activity when a request was sent.
 */
export function createSendNow(deps: ActivityDeps, unrecorded: UnrecordedSends) {
  const resolveUnanswered = createResolveUnanswered(deps)
  const recent = { ...deps, messageOf: deps.recentMessageOf, tokens: fromMemory(deps.tokens) }

  return async function sendNow(input: SendInput): Promise<SendResult | null> {
    const { appId } = currentRun()
    if (deps.tokens.currentToken(appId) === null) return null
    const account = await deps.accounts.findRecent(appId)
    if (!account?.active || !(await areMediaReady(account, input))) return null
    const slot = deps.throttle.tryAcquire(appId)
    if (!slot) return null
    try {
      return await attempt(account, input)
    } catch (err) {
      // The `send` activity reports an error that does not pass.
      deps.log.debug({ err, appId }, 'local send handed over to the send queue')
      return null
    } finally {
      slot.release()
    }
  }

  function attempt(account: SendAccount, input: SendInput): Promise<SendResult | null> {
    const deadline = attemptDeadline(input, Context.current().info)
    const delivery = StepDelivery.first(deps, { input, deadline })
    const given = { input, deadline, delivery, unrecorded, resolveUnanswered }
    return new SendAttempt(recent, given).executeNow(account)
  }

  async function areMediaReady({ appId }: SendAccount, input: SendInput): Promise<boolean> {
    const { id, errcode } = stepOf(input)
    if (errcode === ERRCODE.invalidMediaId) return false
    const message = await deps.recentMessageOf(input.state.campaign, input.state.version, id)
    return message !== null && areUploaded(deps, appId, mediaRefs(message))
  }
}

/** Reads a token from the store only when this process knows none. WeChat refuses a token that was replaced. */
function fromMemory(tokens: ActivityDeps['tokens']): ActivityDeps['tokens'] {
  return {
    currentToken: (appId) => tokens.currentToken(appId),
    afterRefusal: (...refusal) => tokens.afterRefusal(...refusal),
    async getToken(appId) {
      const accessToken = tokens.currentToken(appId)
      return accessToken === null ? tokens.getToken(appId) : { ok: true, accessToken }
    },
  }
}
