import { chargeSend } from '../../../state/grants.ts'
import type { SendLogEntry, SimAccountState, SimFollower } from '../../../state/model.ts'
import { type Answer, failed, hidesAnswer } from '../../fault-responses.ts'
import { CUSTOM_SEND, countSend } from '../../quota.ts'
import type { ApiContext, Call, Router } from '../../router.ts'
import { checkContent } from '../../send-rules.ts'

type Body = Record<string, unknown>

/** 客服消息: `custom/send` with WeChat's limits, and the typing status. */
export function registerCustomMessages(router: Router): void {
  const { wechat } = router
  router.route('POST', CUSTOM_SEND, (call) => send(wechat, call), {
    sendsMessages: true,
    // A request that a fault answers is recorded too: tests read every request from the send log.
    onFault(account, body, errcode) {
      if (typeof body.touser === 'string')
        logSend(wechat, account, body.touser, body, { errcode, unclear: errcode === null })
    },
  })
  router.route('POST', '/cgi-bin/message/custom/typing', (call) => typing(wechat, call), {
    sendsMessages: true,
  })
}

function send(wechat: ApiContext, { account, authorisation, token, body, raw, fault }: Call): Answer {
  authorisation?.sendTokens.push(token)
  const openId = typeof body.touser === 'string' ? body.touser : ''
  const errcode = checkSend(wechat, account, openId, body, raw)
  logSend(wechat, account, openId, body, { errcode, unclear: hidesAnswer(fault) })
  const follower = account.followers.get(openId)
  if (errcode === 0 && follower) {
    const kind = String(body.msgtype)
    const content = {
      ...(body[kind] as object),
      as: (body.customservice as { kf_account?: string })?.kf_account,
    }
    follower.messages.push({ at: wechat.clockOf(follower), from: 'account', via: 'custom', kind, content })
    follower.typingUntil = 0
    wechat.changed(account.appId, openId)
  }
  return failed(errcode)
}

function checkSend(
  wechat: ApiContext,
  account: SimAccountState,
  openId: string,
  body: Body,
  raw: string,
): number {
  const limit = countSend(account, wechat.now())
  if (limit !== 0) return limit
  const follower = account.followers.get(openId)
  if (!follower) return 40003
  const content = checkContent(account, body, raw, wechat.now())
  if (content !== 0) return content
  if (follower.rejectsMessages) return 48002
  return chargeSend(follower, wechat.clockOf(follower))
}

function logSend(
  wechat: ApiContext,
  account: SimAccountState,
  openId: string,
  body: Body,
  verdict: Pick<SendLogEntry, 'errcode' | 'unclear'>,
): void {
  const follower = account.followers.get(openId)
  const virtualAt = follower ? wechat.clockOf(follower) : wechat.now()
  const delivered = verdict.errcode === 0
  wechat.recordSend(account.appId, { at: wechat.now(), virtualAt, openId, body, delivered, ...verdict })
}

/**
 * 客服输入状态: shown for 15 s, within 30 s of a message of either side, and only where a message could be sent.
 * Sources: https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing (codes) and
 * https://developers.weixin.qq.com/doc/knowledge/8a8b25456f2c4b0a.html (conditions). That 45015 is the code of the last
 * condition is inferred.
 */
function typing(wechat: ApiContext, { account, body }: Call): Answer {
  const follower = account.followers.get(String(body.touser ?? ''))
  if (!follower) return failed(40003)
  const at = wechat.clockOf(follower)
  if (body.command === 'CancelTyping') {
    follower.typingUntil = 0
    wechat.changed(account.appId, follower.openId)
    return failed(0)
  }
  if (body.command !== 'Typing') return failed(45072)
  if (!follower.following || !follower.grants.some((g) => g.expiresAt > at)) return failed(45015)
  if (at - lastMessageAt(follower) > 30_000) return failed(45080)
  if (follower.typingUntil > at) return failed(45081)
  follower.typingUntil = at + 15_000
  wechat.changed(account.appId, follower.openId)
  return failed(0)
}

/** The time of the last message of either side, on the follower's clock, epoch ms. */
function lastMessageAt(follower: SimFollower): number {
  const sent = follower.messages.findLast((m) => m.from === 'account')?.at ?? 0
  return Math.max(follower.lastInteractionAt, sent)
}
