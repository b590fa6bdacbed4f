import { mediaRefs } from '../../src/campaign/message.ts'
import { kindOf, type Message, type MessageKind } from '../../src/campaign/model.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import { maskId } from '../../src/shared/ids.ts'
import {
  type Delivery,
  type Intent,
  readDelivery,
  recordAttempt,
  recordDeferral,
  recordIntent,
  type SendKey,
} from '../../src/store/runs/deliveries.ts'
import { REDACTION_NOTE } from '../../src/store/runs/run-snapshots.ts'
import type { NoToken } from '../../src/wechat/api/tokens.ts'
import { requestWithToken, tokenProblem } from '../../src/wechat/api/with-token.ts'
import { type AccountStop, ERRCODE } from '../../src/wechat/rules/errcodes.ts'
import type { AttemptDeadline } from '../attempt/attempt-deadline.ts'
import { type CurrentRun, currentRun } from '../attempt/current-run.ts'
import { backoff, retryAfter, type SendFailure } from '../attempt/retry-after.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { recordKnownResult, recordResult, reportReducedSnapshot } from './record-result.ts'
import { renderStep } from './render-step.ts'
import { type SendInput, sendKey, stepOf } from './send-input.ts'
import { mayRetryUnclear } from './unclear-policy.ts'
import type { AcceptedSend, UnrecordedSends } from './unrecorded-sends.ts'
import { isKindRefused, type UnclearAfter, type Verdict, verdictClass, verdictOf } from './verdict.ts'

/** No request begins later in an attempt than this: the attempt's limit is 70 s (workflow). */
const LAST_REQUEST_AT_MS = 59_000
/** A check that took longer than this is repeated: it no longer describes the moment at which the request leaves. */
const CHECK_FRESH_MS = 300
/** How soon a deferred send checks again; a resumed campaign or account wakes it earlier by a signal. */
const RECHECK_MS = {
  unfollowed: 1_000,
  'run-ended': 20_000,
  'follower-paused': 1_000,
  'campaign-paused': 20_000,
  'account-stopped': 60_000,
}
const NO_ANSWER = 'no answer from WeChat'

/** A request that left, and WeChat's verdict on it. */
interface Response {
  verdict: Verdict
  rid: string | null
  accessToken: string
}
type Requested = Response | { ended: SendResult }

/**
 * One attempt to send a step: look up what earlier attempts did, check that the step may still go, record the intent, make
 * the request, record the result. The delivery row always says at least that a request has left.
 */
export class SendAttempt {
  readonly #deps: ActivityDeps
  readonly #input: SendInput
  readonly #deadline: AttemptDeadline
  readonly #unrecorded: UnrecordedSends
  readonly #resolveUnanswered: (input: SendInput) => Promise<SendResult>
  readonly #run: CurrentRun
  readonly #key: SendKey
  /** Unclear attempts of this step; each may have been delivered and counts against the quota. */
  #unclear = 0
  /** The attempts that this one knows of; a request of any other turns it away. */
  #knownAttempts = 0
  #lastErrcode: number | null = null
  #onUnknown: SendAccount['onUnknown'] = 'retry'

  constructor(
    deps: ActivityDeps,
    given: {
      input: SendInput
      deadline: AttemptDeadline
      unrecorded: UnrecordedSends
      resolveUnanswered: (input: SendInput) => Promise<SendResult>
    },
  ) {
    this.#deps = deps
    this.#input = given.input
    this.#deadline = given.deadline
    this.#unrecorded = given.unrecorded
    this.#resolveUnanswered = given.resolveUnanswered
    this.#run = currentRun()
    this.#key = sendKey(given.input, this.#run)
  }

  /** @throws ApplicationFailure with `nextRetryDelay` when a later attempt may succeed */
  async execute(): Promise<SendResult> {
    const row = await readDelivery(this.#deps.db, this.#key.runKey, this.#key.stepId)
    this.#unclear = row?.unclear ?? 0
    this.#knownAttempts = row?.attempts ?? 0
    this.#lastErrcode = row?.errcode ?? null
    const known = await this.#knownResult(row)
    if (known) return known

    const account = await this.#deps.accounts.find(this.#run.appId)
    this.#onUnknown = account?.onUnknown ?? 'retry'
    const lost = await this.#resolveLostRequest(row)
    if (lost) return lost
    if (this.#deadline.leftMs() <= 0)
      return this.#end(this.#overdue(row?.reason ?? 'no time left in the grant'))
    if (!account?.active) return this.#defer('account-stopped', account?.stateReason ?? 'the account is gone')

    this.#deps.throttle.setRate(this.#run.appId, account.rate)
    const rendered = await renderStep(this.#deps, this.#input, account)
    return 'refused' in rendered
      ? this.#refuse(rendered.refused)
      : this.#send(account, rendered.message, rendered.body)
  }

  /** The final result of an earlier attempt, whose worker or store was lost before Temporal heard of it. */
  async #knownResult(row: Delivery | null): Promise<SendResult | null> {
    if (row?.state === 'sent')
      return this.#endKnown({
        result: 'sent',
        at: row.sentAt ?? this.#deadline.now(),
        unclear: row.unclear,
      })
    const accepted = this.#unrecorded.find(this.#key)
    if (accepted) return this.#endSent(accepted)
    // Another request could deliver a duplicate.
    if (row?.state === 'unknown') return this.#endKnown(this.#unknown(row.reason ?? NO_ANSWER))
    return null
  }

  /** Counts a request whose worker was lost before its answer. Ends the step when no further request is allowed. */
  async #resolveLostRequest(row: Delivery | null): Promise<SendResult | null> {
    if (row?.state === 'sending') {
      const reason = 'a worker was lost during the request'
      const now = this.#deps.now()
      const lost = { unclear: true, reason, errcode: null, rid: null, now }
      this.#unclear = (await recordAttempt(this.#deps.db, this.#key, lost)).unclear
      if (!this.#mayRetry('lost')) return this.#end(this.#unknown(reason))
    }
    // The attempt was counted, but its worker or the store was lost before its result was written.
    if (this.#unclear > 0 && this.#onUnknown === 'assume-sent')
      return this.#end(this.#unknown(row?.reason ?? NO_ANSWER))
    return null
  }

  /** One request, and up to two more when WeChat refuses the access token. */
  async #send(account: SendAccount, message: Message, body: object): Promise<SendResult> {
    const called = await requestWithToken<Requested>(this.#deps.tokens, this.#run.appId, {
      request: (accessToken) => this.#request(account, accessToken, body),
      isTokenRefused: (requested) => 'verdict' in requested && requested.verdict.is === 'token-refused',
      beforeRefresh: async (requested) => {
        if ('verdict' in requested && requested.verdict.is === 'token-refused')
          await this.#recordFailure('access token refused', requested.verdict.errcode, requested.rid)
      },
    })
    if (!called.ok) return this.#withoutToken(called)
    const { result: requested } = called
    return 'ended' in requested ? requested.ended : this.#conclude(requested, account, message)
  }

  async #request(account: SendAccount, accessToken: string, body: object): Promise<Requested> {
    const refusal = await this.#preSendCheck()
    if (refusal) return { ended: refusal }
    const answer = await account.client.customSend(accessToken, { touser: this.#run.openId, ...body })
    const verdict = verdictOf(answer)
    const { errcode, rid } = answer.kind === 'answered' ? answer : { errcode: null, rid: null }
    this.#deps.metrics.attempt(verdictClass(verdict), errcode)
    return { verdict, rid, accessToken }
  }

  /**
   * Checks that the step may still be sent and records the intent, in one statement.
   * @returns null when the request may leave now; else the result that ends the step
   */
  async #preSendCheck(): Promise<SendResult | null> {
    if (this.#deadline.runningMs() > LAST_REQUEST_AT_MS)
      return this.#retry('Busy', 'no time left in this attempt', 1_000)
    for (;;) {
      if (this.#deadline.leftMs() <= 0) return this.#end(this.#overdue('no time left in the grant'))
      if (this.#quotaLeft() < 1) return this.#end(this.#unknown(`${NO_ANSWER}, and the grant is used up`))
      const startedAt = performance.now()
      const intent = await recordIntent(this.#deps.db, this.#key, this.#deps.now(), this.#knownAttempts)
      if (!intent.allowed) return this.#onRefusal(intent.refusal)
      this.#knownAttempts = intent.attempts
      if (performance.now() - startedAt <= CHECK_FRESH_MS) return null
    }
  }

  async #onRefusal(refusal: Extract<Intent, { allowed: false }>['refusal']): Promise<SendResult> {
    if (refusal === 'sent') return this.#endKnown({ result: 'sent', ...this.#stamp() })
    if (refusal !== 'overtaken') return this.#defer(refusal, refusal)
    // The row has the outcome of the other attempt's request; this attempt does not know it.
    const reason = 'another attempt of this step is under way'
    return retryAfter(this.#deadline, 'Busy', reason, 1_000, () => this.#resolveUnanswered(this.#input))
  }

  /** Records what WeChat's verdict means for the step, the follower and the account. */
  async #conclude(response: Response, account: SendAccount, message: Message): Promise<SendResult> {
    const { verdict, rid, accessToken } = response
    const { appId, openId } = this.#run
    const { accounts, throttle } = this.#deps
    switch (verdict.is) {
      case 'sent': {
        // The result is written first: a failure before that would send the message again.
        const sent = await this.#endSent({ result: { result: 'sent', ...this.#stamp() }, rid })
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
        await this.#recordFailure('minute limit of the account', ERRCODE.minuteLimit, rid)
        await accounts.fetchSendQuota(appId, account.client, accessToken)
        return this.#retry(
          'RateLimited',
          `minute limit of the account (${ERRCODE.minuteLimit})`,
          throttle.onRateLimited(appId),
        )
      case 'account-stopped':
        await this.#recordFailure(`account ${verdict.state}`, verdict.errcode, rid)
        if (verdict.state === 'quota-exhausted')
          await accounts.fetchSendQuota(appId, account.client, accessToken)
        return this.#stopAccount(verdict.state, verdict.errcode)
      case 'bad-follower':
        if (await accounts.recordInvalidRecipient(appId, openId))
          await accounts.stop(appId, 'blocked', verdict.errcode)
        return this.#refuse('unknown follower', verdict.errcode, rid)
      case 'over':
        if (verdict.result.result === 'media-expired' && !this.#canUploadAgain(message))
          return this.#refuse('medium refused', ERRCODE.invalidMediaId, rid)
        if (isKindRefused(verdict.result)) await accounts.recordRefusedKind(appId, kindOf(message))
        return this.#end({ ...verdict.result, ...this.#stamp() }, rid)
      default:
        return verdict satisfies never
    }
  }

  /** WeChat accepted the message: it is not requested again, whether or not the store takes the result. */
  async #endSent(send: AcceptedSend): Promise<SendResult> {
    const recorded = await this.#unrecorded.record(this.#key, send, () => this.#end(send.result, send.rid))
    if (recorded) return recorded
    // Temporal keeps the result, and the run's next snapshots contain it.
    reportReducedSnapshot(this.#deps, this.#key, 'nothing')
    return { ...send.result, warning: REDACTION_NOTE }
  }

  /** Notes what an accepted message proves about its account. The next accepted message proves it again. */
  async #recordAccepted(account: SendAccount, kind: MessageKind): Promise<void> {
    const { appId } = this.#run
    try {
      await this.#deps.accounts.recordValidRecipient(appId)
      if (account.refusedKinds.includes(kind)) await this.#deps.accounts.recordAcceptedKind(appId, kind)
    } catch (err) {
      this.#deps.log.warn({ err, appId }, 'accepted message not noted for its account')
    }
  }

  async #withoutToken(token: NoToken): Promise<SendResult> {
    const problem = tokenProblem(token)
    if (problem.is === 'account-stopped') return this.#stopAccount(problem.state, problem.errcode)
    if (problem.is === 'bad-answer') return this.#refuse(`bad-answer: ${problem.reason}`)
    return this.#fail(problem.reason, problem.errcode)
  }

  async #stopAccount(state: AccountStop, errcode: number): Promise<SendResult> {
    await this.#deps.accounts.stop(this.#run.appId, state, errcode)
    return this.#defer('account-stopped', `account ${state} (${errcode})`)
  }

  /** Leaves the step due, with the reason in its row. */
  async #defer(cause: keyof typeof RECHECK_MS, reason: string): Promise<SendResult> {
    await recordDeferral(this.#deps.db, this.#key, cause, this.#deps.now())
    return this.#retry(cause === 'account-stopped' ? 'AccountStopped' : 'Deferred', reason, RECHECK_MS[cause])
  }

  /** Certainly not delivered: retried after 1 s, 2 s, 4 s …, at most 30 s, a last time at the margin. */
  async #fail(reason: string, errcode: number | null): Promise<SendResult> {
    const { failures } = await this.#recordFailure(reason, errcode, null)
    return this.#retry('WechatFailed', reason, backoff(failures))
  }

  async #onUnclear(after: UnclearAfter, reason: string): Promise<SendResult> {
    this.#logAttempt('send attempt unclear', reason, null, null)
    const now = this.#deps.now()
    const attempt = { unclear: true, reason, errcode: null, rid: null, now }
    const { unclear, failures } = await recordAttempt(this.#deps.db, this.#key, attempt)
    this.#unclear = unclear
    if (!this.#mayRetry(after)) return this.#end(this.#unknown(reason))
    return this.#retry('WechatUnclear', reason, backoff(failures))
  }

  #recordFailure(reason: string, errcode: number | null, rid: string | null) {
    this.#logAttempt('send attempt failed', reason, errcode, rid)
    const attempt = { unclear: false, reason, errcode, rid, now: this.#deps.now() }
    return recordAttempt(this.#deps.db, this.#key, attempt)
  }

  #logAttempt(event: string, reason: string, errcode: number | null, rid: string | null): void {
    const { runKey, appId, openId, stepId } = this.#key
    const step = { key: runKey, run: runKey, appId, follower: maskId(openId), step: stepId }
    this.#deps.log.info({ ...step, reason, errcode, rid }, event)
  }

  /** Throws for a later attempt; ends the step when the grant has no time for one. */
  #retry(type: SendFailure, reason: string, delayMs: number): Promise<SendResult> {
    return retryAfter(this.#deadline, type, reason, delayMs, () => this.#end(this.#overdue(reason)))
  }

  #end(result: SendResult, rid: string | null = null): Promise<SendResult> {
    return recordResult(this.#deps, this.#input, { key: this.#key, runId: this.#run.runId, rid }, result)
  }

  #endKnown(result: SendResult): Promise<SendResult> {
    return recordKnownResult(this.#deps, this.#input, { key: this.#key, runId: this.#run.runId }, result)
  }

  #refuse(reason: string, errcode = 0, rid: string | null = null): Promise<SendResult> {
    return this.#end({ result: 'refused', reason, errcode, ...this.#stamp() }, rid)
  }

  #unknown(reason: string): SendResult {
    return { result: 'unknown', reason, ...this.#stamp() }
  }

  #overdue(reason: string): SendResult {
    if (this.#unclear > 0) return this.#unknown(reason)
    return { result: 'not-sent', reason, errcode: this.#lastErrcode, ...this.#stamp() }
  }

  #stamp(): { at: number; unclear: number } {
    return { at: this.#deadline.now(), unclear: this.#unclear }
  }

  #quotaLeft(): number {
    const { quota, used } = this.#input.grant
    return quota - used - this.#unclear
  }

  #mayRetry(after: UnclearAfter): boolean {
    return mayRetryUnclear(this.#onUnknown, after, { unclear: this.#unclear, quotaLeft: this.#quotaLeft() })
  }

  /** False for a medium that is not ours, or that was uploaded again for this very step already. */
  #canUploadAgain(message: Message): boolean {
    return mediaRefs(message).length > 0 && stepOf(this.#input).errcode !== ERRCODE.invalidMediaId
  }
}
