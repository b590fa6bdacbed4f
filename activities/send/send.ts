import { setTimeout as sleep } from 'node:timers/promises'
import { Context } from '@temporalio/activity'
import { mediaRefs } from '../../src/campaign/message.ts'
import { kindOf, type MessageKind } from '../../src/campaign/model.ts'
import type { SendResult } from '../../src/run/send-result.ts'
import { maskId } from '../../src/shared/ids.ts'
import { readDelivery, recordAttempt, recordDeferral, recordIntent } from '../../src/store/runs/deliveries.ts'
import { REDACTION_NOTE } from '../../src/store/runs/run-snapshots.ts'
import { isRefusedData } from '../../src/store/store-error.ts'
import type { TokenAnswer } from '../../src/wechat/api/tokens.ts'
import { type AccountStop, obtainToken, tokenProblem } from '../../src/wechat/api/with-token.ts'
import { type AttemptDeadline, attemptDeadline } from '../attempt/attempt-deadline.ts'
import { endOnError } from '../attempt/end-on-error.ts'
import { backoff, retryAfter, type SendFailure } from '../attempt/retry-after.ts'
import { withSendSlot } from '../attempt/with-send-slot.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { recordKnownResult, recordResult, reportReducedSnapshot } from './record-result.ts'
import { renderStep } from './render-step.ts'
import { createResolveUnanswered } from './resolve-unanswered.ts'
import { currentRun, type SendInput, sendKey, stepOf } from './send-input.ts'
import { isKindRefused, type UnclearAfter, verdictClass, verdictOf } from './verdict.ts'

/** The attempt's limit is 70 s (workflow); no request begins with less than this of it left. */
const LAST_REQUEST_AT_MS = 59_000
/** How soon a send looks again; a released campaign or account wakes it earlier by signal. */
const RECHECK_MS = {
  unfollowed: 1_000,
  'run-ended': 20_000,
  'follower-paused': 1_000,
  'campaign-paused': 20_000,
  'account-stopped': 60_000,
}
/** So many answers that cannot be read end a step as unknown. */
const BAD_ANSWERS_MAX = 3
/** How soon the store is told again that a message was taken, ms; then Temporal's next attempt tells it. */
const RECORD_RETRY_MS: readonly number[] = [250, 1_000]
/** A look older than this no longer speaks for the moment in which the request leaves. */
const CHECK_FRESH_MS = 300

/**
 * Sends one step: intent row, request, result row. Business answers are values; what is worth another try throws an
 * ApplicationFailure whose `nextRetryDelay` never reaches beyond the grant's margin (contract, section 4).
 */
export function createSend(deps: ActivityDeps) {
  const resolveUnanswered = createResolveUnanswered(deps)
  const unrecorded: UnrecordedSends = new Map()
  return async function send(input: SendInput): Promise<SendResult> {
    const deadline = attemptDeadline(input, Context.current().info)
    const work = () => attempt(deps, input, deadline, { resolveUnanswered, unrecorded })
    return endOnError(
      deps,
      () => withSendSlot(deps, deadline, () => resolveUnanswered(input), work),
      (fault) => resolveUnanswered(input, fault),
    )
  }
}

/** Steps that WeChat took while the store was away, of this process: its next attempt writes them, and asks nobody. */
type UnrecordedSends = Map<string, { result: Extract<SendResult, { result: 'sent' }>; rid: string | null }>

async function attempt(
  deps: ActivityDeps,
  input: SendInput,
  deadline: AttemptDeadline,
  {
    resolveUnanswered,
    unrecorded,
  }: { resolveUnanswered: ReturnType<typeof createResolveUnanswered>; unrecorded: UnrecordedSends },
): Promise<SendResult> {
  const { db, now } = deps
  const run = currentRun()
  const key = sendKey(input, run)
  const end = (result: SendResult, rid: string | null = null) =>
    recordResult(deps, input, { key, runId: run.runId, rid }, result)

  const known = await readDelivery(db, key.runKey, key.stepId)
  const done = (result: SendResult) => recordKnownResult(deps, input, { key, runId: run.runId }, result)
  if (known?.state === 'sent')
    return done({ result: 'sent', at: known.sentAt ?? deadline.now(), unclear: known.unclear })
  let unclear = known?.unclear ?? 0
  let attempts = known?.attempts ?? 0
  const accepted = unrecorded.get(`${key.runKey} ${key.stepId}`)
  if (accepted) return endSent(accepted)
  // Final too: the worker that wrote it died before Temporal heard of it. Another request could be a duplicate.
  if (known?.state === 'unknown') return done(unknown(known.reason ?? 'no answer from WeChat'))
  const account = await deps.accounts.find(run.appId)
  const onUnknown = account?.onUnknown ?? 'retry'

  // A row still open: a worker was lost between its intent and its result.
  if (known?.state === 'sending') {
    const lost = {
      unclear: true,
      reason: 'a worker was lost during the request',
      errcode: null,
      rid: null,
      now: now(),
    }
    unclear = (await recordAttempt(db, key, lost)).unclear
    if (!mayTryAgain('lost', unclear)) return end(unknown(lost.reason))
  }
  // The attempt was counted, and the worker, or the store, was gone before its end was written.
  if (unclear > 0 && onUnknown === 'assume-sent')
    return end(unknown(known?.reason ?? 'no answer from WeChat'))
  if (deadline.leftMs() <= 0) return end(overdue(known?.reason ?? 'no time left in the grant'))
  if (!account?.active) return defer('account-stopped', account?.stateReason ?? 'the account is gone')

  deps.throttle.setRate(run.appId, account.rate)
  const rendered = await renderStep(deps, input, account)
  if ('refused' in rendered)
    return end({ result: 'refused', reason: rendered.refused, errcode: 0, ...stamp() })
  const { body, message } = rendered
  return request(account)

  /** One request, with at most two more after the token was refused. */
  async function request(account: SendAccount): Promise<SendResult> {
    const kind = kindOf(message)
    let token = await obtainToken(deps.tokens, run.appId)
    for (let stage: 0 | 1 | 2 = 0; ; stage = stage === 0 ? 1 : 2) {
      if (!token.ok) return withoutToken(token)
      const check = await preSendCheck()
      if ('ended' in check) return check.ended
      const answer = await account.client.customSend(token.accessToken, { touser: run.openId, ...body })
      const verdict = verdictOf(answer)
      deps.metrics.attempt(verdictClass(verdict), answer.kind === 'answered' ? answer.errcode : null)
      const rid = answer.kind === 'answered' ? answer.rid : null
      switch (verdict.is) {
        case 'sent': {
          // That it was sent comes first: were anything before it to fail, it would be sent again.
          const sent = await endSent({ result: { result: 'sent', ...stamp() }, rid })
          await recordAccepted(account, kind)
          return sent
        }
        case 'token-refused': {
          if (stage === 2)
            return failed(`WeChat refuses the access token (${verdict.errcode})`, verdict.errcode)
          await logAndRecordAttempt(false, 'access token refused', verdict.errcode, rid)
          token = await deps.tokens.afterRefusal(
            run.appId,
            token.accessToken,
            stage === 0 ? 'normal' : 'force',
          )
          continue
        }
        case 'failed':
          return failed(verdict.reason, verdict.errcode)
        case 'unclear':
          return unclearAnswer(verdict.after, verdict.reason)
        case 'rate-limited':
          await logAndRecordAttempt(false, 'minute limit of the account', 45011, rid)
          await deps.accounts.fetchSendQuota(run.appId, account.client, token.accessToken)
          return wait(
            'RateLimited',
            'minute limit of the account (45011)',
            deps.throttle.onRateLimited(run.appId),
          )
        case 'account-stopped': {
          await logAndRecordAttempt(false, `account ${verdict.state}`, verdict.errcode, rid)
          if (verdict.state === 'quota-exhausted')
            await deps.accounts.fetchSendQuota(run.appId, account.client, token.accessToken)
          return stopAccount(verdict.state, verdict.errcode)
        }
        case 'bad-follower': {
          if (await deps.accounts.recordInvalidRecipient(run.appId, run.openId))
            await deps.accounts.stop(run.appId, 'blocked', verdict.errcode)
          return end(
            { result: 'refused', reason: 'unknown follower', errcode: verdict.errcode, ...stamp() },
            rid,
          )
        }
        case 'over': {
          const retries = verdict.result.result === 'media-expired' && cannotUploadAgain()
          if (retries)
            return end({ result: 'refused', reason: 'medium refused', errcode: 40007, ...stamp() }, rid)
          if (isKindRefused(verdict.result)) await deps.accounts.recordRefusedKind(run.appId, kind)
          return end({ ...verdict.result, ...stamp() }, rid)
        }
        default:
          return verdict satisfies never
      }
    }
  }

  /** WeChat took it: whatever the store makes of that, it is not asked for another time. */
  async function endSent(sent: NonNullable<ReturnType<UnrecordedSends['get']>>): Promise<SendResult> {
    const id = `${key.runKey} ${key.stepId}`
    unrecorded.set(id, sent)
    for (let retries = 0; ; retries++) {
      try {
        const ended = await end(sent.result, sent.rid)
        unrecorded.delete(id)
        return ended
      } catch (err) {
        if (isRefusedData(err)) {
          // Temporal keeps the result, and the run's next snapshots say it.
          reportReducedSnapshot(deps, key, 'nothing')
          unrecorded.delete(id)
          return { ...sent.result, warning: REDACTION_NOTE }
        }
        const waitMs = RECORD_RETRY_MS[retries]
        if (waitMs === undefined) throw err
        await sleep(waitMs)
      }
    }
  }

  /** What a message that was taken says of the account. It is true again of the next one. */
  async function recordAccepted(account: SendAccount, kind: MessageKind): Promise<void> {
    try {
      await deps.accounts.recordValidRecipient(run.appId)
      if (account.refusedKinds.includes(kind)) await deps.accounts.recordAcceptedKind(run.appId, kind)
    } catch (err) {
      deps.log.warn(
        { err, appId: run.appId },
        'what a message that was taken says of its account was not noted',
      )
    }
  }

  /** The last look and the intent; looks again when the look took so long that it speaks of the past. */
  async function preSendCheck(): Promise<{ ended: SendResult } | { ok: true }> {
    if (deadline.runningMs() > LAST_REQUEST_AT_MS)
      return { ended: await wait('Busy', 'no time left in this attempt', 1_000) }
    for (;;) {
      if (deadline.leftMs() <= 0) return { ended: await end(overdue('no time left in the grant')) }
      if (quotaLeft() < 1)
        return { ended: await end(unknown('no answer from WeChat, and the grant is used up')) }
      const began = performance.now()
      const intent = await recordIntent(db, key, now(), attempts)
      if (!intent.allowed) {
        if (intent.refusal === 'sent') return { ended: await done({ result: 'sent', ...stamp() }) }
        if (intent.refusal === 'overtaken') {
          // What becomes of the other one's request stands in the row; this one knows nothing of it.
          const reason = 'another attempt of this step is under way'
          return { ended: await retryAfter(deadline, 'Busy', reason, 1_000, () => resolveUnanswered(input)) }
        }
        return { ended: await defer(intent.refusal, intent.refusal) }
      }
      attempts = intent.attempts
      if (performance.now() - began <= CHECK_FRESH_MS) return { ok: true }
    }
  }

  async function withoutToken(token: Extract<TokenAnswer, { ok: false }>): Promise<SendResult> {
    const problem = tokenProblem(token)
    const { reason, errcode } = problem
    if (problem.is === 'account-stopped') return stopAccount(problem.state, problem.errcode)
    if (problem.is === 'bad-answer')
      return end({ result: 'refused', reason: `bad-answer: ${reason}`, errcode: 0, ...stamp() })
    return failed(reason, errcode)
  }

  async function stopAccount(state: AccountStop, errcode: number): Promise<SendResult> {
    await deps.accounts.stop(run.appId, state, errcode)
    return defer('account-stopped', `account ${state} (${errcode})`)
  }

  async function defer(why: keyof typeof RECHECK_MS, reason: string): Promise<SendResult> {
    await recordDeferral(db, key, why, now())
    return wait(why === 'account-stopped' ? 'AccountStopped' : 'Deferred', reason, RECHECK_MS[why])
  }

  /** Certainly not delivered: again after 1 s, 2 s, 4 s …, at most 30 s, a last time at the margin. */
  async function failed(reason: string, errcode: number | null): Promise<SendResult> {
    const { failures } = await logAndRecordAttempt(false, reason, errcode, null)
    return wait('WechatFailed', reason, backoff(failures))
  }

  async function unclearAnswer(after: UnclearAfter, reason: string): Promise<SendResult> {
    const counted = await logAndRecordAttempt(true, reason, null, null)
    unclear = counted.unclear
    if (!mayTryAgain(after, unclear)) return end(unknown(reason))
    return wait('WechatUnclear', reason, backoff(counted.failures))
  }

  function logAndRecordAttempt(
    isUnclear: boolean,
    reason: string,
    errcode: number | null,
    rid: string | null,
  ) {
    deps.log.info(
      {
        key: key.runKey,
        run: key.runKey,
        appId: run.appId,
        follower: maskId(run.openId),
        step: key.stepId,
        reason,
        errcode,
        rid,
      },
      isUnclear ? 'send attempt unclear' : 'send attempt failed',
    )
    return recordAttempt(db, key, { unclear: isUnclear, reason, errcode, rid, now: now() })
  }

  /**
   * `retry`: one more after a time-out or loss, as often as after a failure after a gateway's answer; within the quota. Of an
   * answer that is WeChat's and cannot be read two more, and the steps after this one are left something of the quota.
   */
  function mayTryAgain(after: UnclearAfter, unclearSoFar: number): boolean {
    if (onUnknown === 'assume-sent' || quotaLeft() < 1) return false
    if (after === 'answer') return unclearSoFar < BAD_ANSWERS_MAX && quotaLeft() > 1
    return after === 'http' || unclearSoFar < 2
  }

  function quotaLeft(): number {
    return input.grant.quota - input.grant.used - unclear
  }

  function wait(type: SendFailure, reason: string, delayMs: number): Promise<SendResult> {
    return retryAfter(deadline, type, reason, delayMs, () => end(overdue(reason)))
  }

  function stamp(): { at: number; unclear: number } {
    return { at: deadline.now(), unclear }
  }

  function unknown(reason: string): SendResult {
    return { result: 'unknown', reason, ...stamp() }
  }

  function overdue(reason: string): SendResult {
    return unclear > 0
      ? unknown(reason)
      : { result: 'not-sent', reason, errcode: known?.errcode ?? null, ...stamp() }
  }

  /** A medium that is not ours to upload, or that was uploaded anew for this very step already. */
  function cannotUploadAgain(): boolean {
    return mediaRefs(message).length === 0 || stepOf(input).errcode === 40007
  }
}
