import { setTimeout as sleep } from 'node:timers/promises'
import { mediaRefs } from '../../src/campaign/message.ts'
import type { TestMessageResult, TestSend, TestSendOrder } from '../../src/campaign/test-send.ts'
import { uploadMissing } from '../../src/media/upload-media.ts'
import { type CallProblem, withToken } from '../../src/wechat/api/with-token.ts'
import { classOf, remedyOf } from '../../src/wechat/rules/errcodes.ts'
import type { ActivityDeps, SendAccount } from '../deps.ts'
import { renderStep } from './render-step.ts'

/** An operator waits for the answer. */
const SLOT_WAIT_MS = 5_000
/** So that phones show the messages in order. */
const SPACING_MS = 1_000
const WRITE_FIRST = 'ask the tester to send any message to the account, then repeat the test'

type Problem = Omit<TestMessageResult, 'step'>

/**
 * Sends messages to a tester now, with the renderer, the access token, the media and the slots of this process's sends. It
 * writes no delivery, and its links are not tracked. No request is repeated that may have been delivered.
 */
export function createTestSend(deps: ActivityDeps): TestSend {
  return async function testSend(order) {
    const results: TestMessageResult[] = []
    let failed = false
    for (const [i, { stepId }] of order.messages.entries()) {
      if (failed) {
        results.push({ step: stepId, result: 'not-sent', errcode: null, reason: null })
        continue
      }
      if (i > 0) await sleep(SPACING_MS)
      const problem = await sendOne(deps, order, i)
      failed = problem !== null
      results.push({ step: stepId, ...(problem ?? { result: 'sent', errcode: null, reason: null }) })
    }
    return results
  }
}

/** @returns null when WeChat has accepted the message */
async function sendOne(deps: ActivityDeps, order: TestSendOrder, i: number): Promise<Problem | null> {
  const { appId } = order
  const account = await deps.accounts.find(appId)
  if (!account?.active) return notSent(`the account cannot send: ${account?.stateReason ?? 'it was removed'}`)
  deps.throttle.setRate(appId, account.rate)
  const slot = await acquireSlot(deps, appId)
  if ('denied' in slot) return notSent(`${slot.denied}: repeat the test in a minute`)
  try {
    return await sendInSlot(deps, account, order, i)
  } finally {
    slot.release()
  }
}

async function acquireSlot({ throttle }: ActivityDeps, appId: string) {
  const until = performance.now() + SLOT_WAIT_MS
  for (;;) {
    const slot = throttle.acquire(appId, { lastTry: false, urgent: true })
    if (!('denied' in slot) || performance.now() + slot.waitMs > until) return slot
    await sleep(slot.waitMs)
  }
}

async function sendInSlot(
  deps: ActivityDeps,
  account: SendAccount,
  { appId, openId, state, messages, now, onSent }: TestSendOrder,
  i: number,
): Promise<Problem | null> {
  const part = messages[i]
  if (!part) return null
  const uploaded = await uploadMissing(deps, account, mediaRefs(part.message))
  if (!uploaded.ok)
    return { result: 'refused', errcode: uploaded.errcode, reason: `${uploaded.reason}: check the medium` }
  const { publicUrl: _, ...untracked } = deps
  const found = { ...untracked, messageOf: async () => part.message }
  const input = { state, index: part.index, grant: NO_GRANT, leftMs: 0, now }
  const rendered = await renderStep(found, input, account)
  if ('refused' in rendered) return { result: 'refused', errcode: null, reason: rendered.refused }
  // Counted first: a process that is lost during the request may have sent it.
  await onSent()
  const sent = await withToken(
    deps.tokens,
    appId,
    'send',
    (accessToken) => account.client.customSend(accessToken, { touser: openId, ...rendered.body }),
    [],
  )
  if (sent.ok) return null
  if (sent.is === 'rate-limited') deps.throttle.onRateLimited(appId)
  if (sent.is === 'account-stopped') await deps.accounts.stop(appId, sent.state, sent.errcode)
  return refusal(sent)
}

/** Rendering does not read it: a test is not paid by the grant of a run. */
const NO_GRANT = { scene: 'message' as const, grantedAt: 0, expiresAt: 0, quota: 0, used: 0 }

const notSent = (reason: string): Problem => ({ result: 'not-sent', errcode: null, reason })

function refusal(problem: CallProblem): Problem {
  const { errcode, reason } = problem
  if (errcode === null) {
    const isUnclear = problem.is === 'bad-answer' || (problem.is === 'transient' && problem.unclear)
    return isUnclear
      ? { result: 'unclear', errcode, reason: `${reason}: look at the phone before you repeat the test` }
      : { result: 'not-sent', errcode, reason: `WeChat is not reachable: ${reason}` }
  }
  return { result: 'refused', errcode, reason: `${reason}: ${adviceOf(errcode)}` }
}

/** What to do about an errcode of `custom/send`. */
function adviceOf(errcode: number): string {
  switch (classOf(errcode)) {
    case 'window-over':
      return `WeChat's reply window is over: ${WRITE_FIRST}`
    case 'quota-used':
      return `the messages that WeChat allows are used up: ${WRITE_FIRST}`
    case 'unfollowed':
      return 'the tester does not follow the account any more: ask the tester to follow it again'
    case 'opted-out':
      return `the tester refuses messages of the account: ${WRITE_FIRST}`
    case 'bad-follower':
      return 'the openId is not one of this account'
    case 'content':
      return 'WeChat refuses this message: change it'
    case 'quota-minute':
      return 'repeat the test in a minute'
    default:
      return remedyOf(errcode).en
  }
}
