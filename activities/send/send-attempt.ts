import { mediaRefs } from '../../src/campaign/message.ts'
import { kindOf, type Message, type MessageKind } from '../../src/campaign/message-model.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import type { Intent } from '../../src/store/runs/deliveries.ts'
import { REDACTION_NOTE } from '../../src/store/runs/run-snapshots.ts'
import type { NoToken } from '../../src/wechat/api/tokens.ts'
import { requestWithToken, tokenProblem } from '../../src/wechat/api/with-token.ts'
import { type AccountStop, ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import type { AttemptDeadline } from '../attempt/attempt-deadline.ts'
import { backoff, retryAfter, type SendFailure } from '../attempt/retry-after.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { MINUTE_LIMIT_REASON } from '../throttle/account-throttle.ts'
import { reportReducedSnapshot } from './record-result.ts'
import { renderStep } from './render-step.ts'
import { type SendInput, stepOf } from './send-input.ts'
import { showTyping } from './show-typing.ts'
import { NO_ANSWER, type StepDelivery, WORKER_LOST } from './step-delivery.ts'
import { mayRetryUnclear } from './unclear-policy.ts'
import type { AcceptedSend, UnrecordedSends } from './unrecorded-sends.ts'
import { isKindRefused, type UnclearAfter, type Verdict, verdictClass, verdictOf } from './verdict.ts'

/** No request starts later than this in an attempt. The attempt's time limit is 70 s (`workflows/activity-calls.ts`). */
const LAST_REQUEST_AT_MS = 59_000
/** The least time that a message has left after its typing, ms. With less it is sent without. */
const LEFT_AFTER_TYPING_MS = 2_000
/** A check that took longer than this is repeated, because it may be out of date when the request is sent. */
const CHECK_FRESH_MS = 300
/** How soon a deferred send checks again. A resumed campaign or account wakes it earlier by a signal. */
const RECHECK_MS = {
  unfollowed: 1_000,
  'run-ended': 20_000,
  'follower-paused': 1_000,
  'campaign-paused': 20_000,
  'account-stopped': 60_000,
}

/** A request that was sent, and WeChat's verdict on it. */
interface Response {
  verdict: Verdict
  rid: string | null
  accessToken: string
}
type Requested = Response | { ended: SendResult }

/**
 * One attempt to send a step: finds the result of earlier attempts, checks that the step may still be sent, records the
 * intent, makes the request and records the result. Whenever a request was sent, the delivery row says so.
 */
export class SendAttempt {
  readonly #deps: ActivityDeps
  readonly #input: SendInput
  readonly #deadline: AttemptDeadline
  readonly #delivery: StepDelivery
  readonly #unrecorded: UnrecordedSends
  readonly #resolveUnanswered: (input: SendInput) => Promise<SendResult>
  #onUnknown: SendAccount['onUnknown'] = 'retry'

  constructor(
    deps: ActivityDeps,
    given: {
      input: SendInput
      deadline: AttemptDeadline
      delivery: StepDelivery
      unrecorded: UnrecordedSends
      resolveUnanswered: (input: SendInput) => Promise<SendResult>
    },
  ) {
    this.#deps = deps
    this.#input = given.input
    this.#deadline = given.deadline
    this.#delivery = given.delivery
    this.#unrecorded = given.unrecorded
    this.#resolveUnanswered = given.resolveUnanswered
  }

  /**
   * @param attempt the activity's attempt, from 1
   * @throws ApplicationFailure with `nextRetryDelay` when a later attempt may succeed
   */
  async execute(attempt: number): Promise<SendResult> {
    const { row, key } = this.#delivery
    const known = await this.#knownResult()
    if (known) return known

    const account = await this.#deps.accounts.find(key.appId)
    this.#onUnknown = account?.onUnknown ?? 'retry'
    const lost = await this.#resolveLostRequest()
    if (lost) return lost
    if (this.#deadline.leftMs() <= 0)
      return this.#delivery.endOverdue(row?.reason ?? 'no time left in the grant')
    if (!account?.active)
      return this.#defer('account-stopped', account?.stateReason ?? 'the account has been deleted')

    this.#deps.throttle.setRate(key.appId, account.rate)
    const rendered = await renderStep(this.#deps, this.#input, account)
    if ('refused' in rendered) return this.#delivery.endRefused(rendered.refused)
    if (attempt === 1) await this.#typeFirst(account)
    return this.#send(account, rendered.message, rendered.body)
  }

  /**
   * Shows the follower that the message is being typed. The next attempt then sends it, and repeats every check, so that
   * nothing happens unseen meanwhile. An attempt costs no event in the history, and holds no slot while it waits. An account
   * whose slots are all in use sends without typing.
   * @throws ApplicationFailure for the next attempt, when WeChat shows it
   */
  async #typeFirst(account: SendAccount): Promise<void> {
    const { typingMs } = this.#input
    const { row, key } = this.#delivery
    const hasTime = typingMs !== undefined && this.#deadline.leftMs() >= typingMs + LEFT_AFTER_TYPING_MS
    if (!hasTime || (row?.attempts ?? 0) > 0) return
    if (await showTyping(this.#deps, account, key.openId))
      await retryAfter(this.#deadline, 'Typing', 'the message is being typed', typingMs, async () => {})
  }

  /**
   * Executes the first attempt, with what the process knows of the account. The intent finds earlier attempts.
   * @returns null when the step cannot be sent like this
   * @throws what only a later attempt can change
   */
  async executeNow(account: SendAccount): Promise<SendResult | null> {
    this.#onUnknown = account.onUnknown
    if (this.#deadline.leftMs() <= 0) return null
    this.#deps.throttle.setRate(account.appId, account.rate)
    const rendered = await renderStep(this.#deps, this.#input, account)
    return 'refused' in rendered ? null : this.#send(account, rendered.message, rendered.body)
  }

  /** The final result of an earlier attempt, when its worker or the store was lost before Temporal received it. */
  async #knownResult(): Promise<SendResult | null> {
    const { row, key } = this.#delivery
    if (row?.state === 'sent') {
      this.#unrecorded.remove(key)
      return this.#delivery.endKnown({
        result: 'sent',
        at: row.sentAt ?? this.#deadline.now(),
        unclear: row.unclear,
      })
    }
    const accepted = this.#unrecorded.find(key)
    if (accepted) return this.#endSent(accepted)
    // Another request could deliver a duplicate.
    if (row?.state === 'unknown')
      return this.#delivery.endKnown(this.#delivery.unknown(row.reason ?? NO_ANSWER))
    return null
  }

  /** Counts a request whose worker was lost before the answer. Ends the step when no further request is allowed. */
  async #resolveLostRequest(): Promise<SendResult | null> {
    const { row } = this.#delivery
    if (row?.state === 'sending') {
      await this.#delivery.recordLostRequest(WORKER_LOST)
      if (!this.#mayRetry('lost')) return this.#delivery.endUnknown(WORKER_LOST)
    }
    // The attempt was counted, but its worker or the store was lost before its result was written.
    if (this.#delivery.unclear > 0 && this.#onUnknown === 'assume-sent')
      return this.#delivery.endUnknown(row?.reason ?? NO_ANSWER)
    return null
  }

  /** Makes one request, and up to two more when WeChat refuses the access token. */
  async #send(account: SendAccount, message: Message, body: object): Promise<SendResult> {
    const called = await requestWithToken<Requested>(this.#deps.tokens, account.appId, {
      request: (accessToken) => this.#request(account, accessToken, body),
      isTokenRefused: (requested) => 'verdict' in requested && requested.verdict.is === 'token-refused',
      beforeRefresh: async (requested) => {
        if ('verdict' in requested && requested.verdict.is === 'token-refused')
          await this.#delivery.recordFailure('access token refused', requested.verdict.errcode, requested.rid)
      },
    })
    if (!called.ok) return this.#withoutToken(called)
    const { result: requested } = called
    return 'ended' in requested ? requested.ended : this.#conclude(requested, account, message)
  }

  async #request(account: SendAccount, accessToken: string, body: object): Promise<Requested> {
    const refusal = await this.#preSendCheck()
    if (refusal) return { ended: refusal }
    const { openId } = this.#delivery.key
    const answer = await account.client.customSend(accessToken, { touser: openId, ...body })
    const verdict = verdictOf(answer)
    const { errcode, rid } = answer.kind === 'answered' ? answer : { errcode: null, rid: null }
    this.#deps.metrics.attempt(verdictClass(verdict), errcode)
    return { verdict, rid, accessToken }
  }

  /** @returns null when the request may be sent now, else the result that ends the step */
  async #preSendCheck(): Promise<SendResult | null> {
    if (this.#deadline.runningMs() > LAST_REQUEST_AT_MS)
      return this.#retry('Busy', 'no time left in this attempt', 1_000)
    for (;;) {
      if (this.#deadline.leftMs() <= 0) return this.#delivery.endOverdue('no time left in the grant')
      if (this.#delivery.quotaLeft < 1)
        return this.#delivery.endUnknown(`${NO_ANSWER}, and the grant is used up`)
      const startedAt = performance.now()
      const intent = await this.#delivery.recordIntent()
      if (!intent.allowed) return this.#onRefusal(intent)
      if (performance.now() - startedAt <= CHECK_FRESH_MS) return null
    }
  }

  async #onRefusal(refused: Extract<Intent, { allowed: false }>): Promise<SendResult> {
    if (refused.refusal === 'capped') return this.#delivery.endCapped(refused.until)
    const { refusal } = refused
    if (refusal === 'sent') return this.#delivery.endKnown({ result: 'sent', ...this.#delivery.stamp() })
    if (refusal !== 'overtaken') return this.#defer(refusal, refusal)
    // The other attempt writes its outcome to the row. This attempt does not know it yet.
    const reason = 'another attempt of this step is under way'
    return retryAfter(this.#deadline, 'Busy', reason, 1_000, () => this.#resolveUnanswered(this.#input))
  }

  /** Records what WeChat's verdict means for the step, the follower and the account. */
  async #conclude(response: Response, account: SendAccount, message: Message): Promise<SendResult> {
    const { verdict, rid, accessToken } = response
    const { appId, openId } = this.#delivery.key
    const { accounts } = this.#deps
    switch (verdict.is) {
      case 'sent': {
        // The result is written first: a failure before that would send the message again.
        const sent = await this.#endSent({ result: { result: 'sent', ...this.#delivery.stamp() }, rid })
        await this.#recordAccepted(account, kindOf(message))
        return sent
      }
      case 'token-refused':
        return this.#fail(`WeChat refuses the access token (${verdict.errcode})`, verdict.errcode)
      case 'failed':
        return this.#fail(verdict.reason, verdict.errcode)
      case 'unclear':
        return this.#onUnclear(verdict.after, verdict.reason)
      case 'rate-limited':
        return this.#onRateLimited(account, response)
      case 'account-stopped':
        await this.#delivery.recordFailure(`account ${verdict.state}`, verdict.errcode, rid)
        if (verdict.state === 'quota-exhausted')
          await accounts.fetchSendQuota(appId, account.client, accessToken)
        return this.#stopAccount(verdict.state, verdict.errcode)
      case 'bad-follower':
        if (await accounts.recordInvalidRecipient(appId, openId))
          await accounts.stop(appId, 'blocked', verdict.errcode)
        return this.#delivery.endRefused('unknown follower', verdict.errcode, rid)
      case 'over':
        if (verdict.result.result === 'media-expired' && !this.#canUploadAgain(message))
          return this.#delivery.endRefused('medium refused', ERRCODE.invalidMediaId, rid)
        if (isKindRefused(verdict.result)) await accounts.recordRefusedKind(appId, kindOf(message))
        return this.#delivery.end({ ...verdict.result, ...this.#delivery.stamp() }, rid)
      default:
        return verdict satisfies never
    }
  }

  /** The throttle is told first, so that no other send of the account runs into the limit while WeChat is asked for the quota. */
  async #onRateLimited(account: SendAccount, { rid, accessToken }: Response): Promise<SendResult> {
    const { accounts, now, throttle } = this.#deps
    const retryAt = now() + throttle.onRateLimited(account.appId)
    await this.#delivery.recordFailure('minute limit of the account', ERRCODE.minuteLimit, rid)
    await accounts.fetchSendQuota(account.appId, account.client, accessToken)
    return this.#retry('RateLimited', MINUTE_LIMIT_REASON, Math.max(0, retryAt - now()))
  }

  /** WeChat accepted the message. It is not requested again, whether or not the store accepts the result. */
  async #endSent(send: AcceptedSend): Promise<SendResult> {
    const { key } = this.#delivery
    const kept = { ...send, leftMs: this.#deadline.leftMs() }
    const recorded = await this.#unrecorded.record(key, kept, () => this.#delivery.end(send.result, send.rid))
    if (recorded) return recorded
    // Temporal keeps the result, and the run's next snapshots contain it.
    reportReducedSnapshot(this.#deps, key, 'nothing')
    return { ...send.result, warning: REDACTION_NOTE }
  }

  /** Records what an accepted message proves about its account. A failure is harmless: the next message proves it again. */
  async #recordAccepted({ appId, refusedKinds }: SendAccount, kind: MessageKind): Promise<void> {
    try {
      if (this.#delivery.followsInvalidRecipient) await this.#deps.accounts.recordValidRecipient(appId)
      if (refusedKinds.includes(kind)) await this.#deps.accounts.recordAcceptedKind(appId, kind)
    } catch (err) {
      this.#deps.log.warn({ err, appId }, 'accepted message not recorded for its account')
    }
  }

  async #withoutToken(token: NoToken): Promise<SendResult> {
    const problem = tokenProblem(token)
    if (problem.is === 'account-stopped') return this.#stopAccount(problem.state, problem.errcode)
    if (problem.is === 'bad-answer') return this.#delivery.endRefused(`bad-answer: ${problem.reason}`)
    return this.#fail(problem.reason, problem.errcode)
  }

  async #stopAccount(state: AccountStop, errcode: number): Promise<SendResult> {
    await this.#deps.accounts.stop(this.#delivery.key.appId, state, errcode)
    return this.#defer('account-stopped', `account ${state} (${errcode})`)
  }

  /** Leaves the step due, with the reason in its row. */
  async #defer(cause: keyof typeof RECHECK_MS, reason: string): Promise<SendResult> {
    await this.#delivery.recordDeferral(cause)
    return this.#retry(cause === 'account-stopped' ? 'AccountStopped' : 'Deferred', reason, RECHECK_MS[cause])
  }

  /** Certainly not delivered: retried after 1 s, 2 s, 4 s …, at most 30 s, and a last time at the margin. */
  async #fail(reason: string, errcode: number | null): Promise<SendResult> {
    const failures = await this.#delivery.recordFailure(reason, errcode, null)
    return this.#retry('WechatFailed', reason, backoff(failures))
  }

  async #onUnclear(after: UnclearAfter, reason: string): Promise<SendResult> {
    const failures = await this.#delivery.recordUnclear(reason)
    if (!this.#mayRetry(after)) return this.#delivery.endUnknown(reason)
    return this.#retry('WechatUnclear', reason, backoff(failures))
  }

  /** Throws for a later attempt. Ends the step when the grant has no time for one. */
  #retry(type: SendFailure, reason: string, delayMs: number): Promise<SendResult> {
    return retryAfter(this.#deadline, type, reason, delayMs, () => this.#delivery.endOverdue(reason))
  }

  #mayRetry(after: UnclearAfter): boolean {
    const { unclear, quotaLeft } = this.#delivery
    return mayRetryUnclear(this.#onUnknown, after, { unclear, quotaLeft })
  }

  /** False for a medium that was not uploaded by us, or that was already uploaded again for this step. */
  #canUploadAgain(message: Message): boolean {
    return mediaRefs(message).length > 0 && stepOf(this.#input).errcode !== ERRCODE.invalidMediaId
  }
}
