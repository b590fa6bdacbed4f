import { describeSkew, isLargeSkew, type SkewReport } from '../callback/skew-monitor.ts'
import type { Account } from '../store/accounts/account.ts'
import type { ModeMismatch } from '../store/accounts/mode-mismatch.ts'
import type { AccessToken, WechatAnswer, WechatClient } from '../wechat/api/client.ts'
import type { TokenAnswer } from '../wechat/api/tokens.ts'
import { classOf, remedyOf, textOf } from '../wechat/rules/errcodes.ts'

export interface AccountCheck {
  check: 'secret' | 'ip-whitelist' | 'certification' | 'callback' | 'clock'
  ok: boolean
  message: string
  remedy: string | null
  errcode: number | null
}

/** Nobody has this id: a typing state for it does no harm, and shows whether the interface may be used. */
const NONEXISTENT_OPENID = 'oVerifyTest000000000000000000'

/**
 * Tries an account at WeChat: secret (of an authorised account: the authorisation), IP whitelist, certification, and
 * whether WeChat has reached the callback.
 * @param authorised gives an authorised account's access token; absent for an account with its own secret
 * @param otherMode the mode of the last push, where it was not the account's
 */
export async function verifyAccount(
  account: Pick<Account, 'appId' | 'appSecret' | 'lastCallbackAt' | 'mode'>,
  client: WechatClient,
  authorised?: () => Promise<TokenAnswer>,
  otherMode: ModeMismatch | null = null,
): Promise<AccountCheck[]> {
  const token = authorised
    ? toWechatAnswer(await authorised())
    : await client.stableToken({ appId: account.appId, appSecret: account.appSecret })
  const callback = checkCallback(account, otherMode)
  if (token.kind !== 'answered') return [unanswered('secret', token), callback]
  if (token.errcode !== 0 || !token.data) {
    const ip = /invalid ip ([\d.:a-f]+)/i.exec(token.errmsg)?.[1]
    if (classOf(token.errcode) === 'account-paused') {
      const message = `WeChat does not take calls from this server (${token.errcode}).`
      const remedy = ip ? `Add ${ip} to the IP whitelist of the account.` : remedyOf(token.errcode).en
      return [
        passedCheck('secret', 'WeChat knows the account.'),
        failedCheck('ip-whitelist', message, { remedy, errcode: token.errcode }),
        callback,
      ]
    }
    const message = `WeChat refuses the secret: ${token.errcode} ${textOf(token.errcode)}`
    return [
      failedCheck('secret', message, { remedy: remedyOf(token.errcode).en, errcode: token.errcode }),
      callback,
    ]
  }
  return [
    passedCheck('secret', 'WeChat takes the secret.'),
    passedCheck('ip-whitelist', 'WeChat takes calls from this server.'),
    checkCertification(await client.typing(token.data.access_token, NONEXISTENT_OPENID)),
    callback,
  ]
}

/** By a call of the interface for somebody who is not there: any refusal but one of the account itself says yes. */
function checkCertification(typing: WechatAnswer<unknown>): AccountCheck {
  if (typing.kind !== 'answered') return unanswered('certification', typing)
  const { errcode } = typing
  if (classOf(errcode) !== 'account-blocked')
    return passedCheck('certification', 'Customer-service messages may be sent.')
  const message = `Customer-service messages may not be sent: ${errcode} ${textOf(errcode)}`
  return failedCheck('certification', message, { remedy: remedyOf(errcode).en, errcode })
}

/** Nothing can be said: WeChat was not reached, or what answered was not WeChat. */
function unanswered(
  check: AccountCheck['check'],
  answer: Exclude<WechatAnswer<unknown>, { kind: 'answered' }>,
): AccountCheck {
  return answer.kind === 'malformed'
    ? failedCheck(check, `What answered does not speak as WeChat does: ${answer.reason}`, {
        remedy: 'Check that apiBase is WeChat’s address, and that no proxy answers in its place.',
      })
    : failedCheck(check, `WeChat was not reached: ${answer.reason}`, {
        remedy: 'Check this server’s way to the internet, or apiBase.',
      })
}

function checkCallback(
  { appId, mode, lastCallbackAt }: Pick<Account, 'appId' | 'mode' | 'lastCallbackAt'>,
  otherMode: ModeMismatch | null,
): AccountCheck {
  if (otherMode && (otherMode.received === 'plain') !== (mode === 'plain')) {
    const arrivedMode = otherMode.received === 'plain' ? 'plain (明文模式)' : 'encrypted (安全模式)'
    const neededMode = otherMode.received === 'plain' ? 'plain' : 'security'
    const here = neededMode === 'plain' ? '{"mode": "plain"}' : '{"mode": "security", "encodingAesKey": "…"}'
    return failedCheck(
      'callback',
      `The modes differ: the account is registered as ${mode}, and the last push of WeChat’s that was refused for it, at ${new Date(otherMode.at).toISOString()}, was ${arrivedMode}.`,
      {
        remedy: `Choose ${mode === 'plain' ? '明文模式' : '安全模式'} at WeChat (消息加解密方式), or change the account here: PATCH /api/accounts/${appId} with ${here}.`,
      },
    )
  }
  return lastCallbackAt
    ? passedCheck('callback', 'WeChat has reached the callback.')
    : failedCheck('callback', 'WeChat has not reached the callback yet.', {
        remedy: `Enter the callback address …/wechat/${appId} in the account's settings at WeChat (消息与事件推送) and switch it on.`,
      })
}

/** A token from the keeper, in the form of WeChat's own answer. */
function toWechatAnswer(token: TokenAnswer): WechatAnswer<AccessToken> {
  if (token.ok) {
    const data = { access_token: token.accessToken, expires_in: 0 }
    return { kind: 'answered', errcode: 0, errmsg: 'ok', rid: null, data }
  }
  if (token.errcode === null) return { kind: 'failed', reason: token.reason }
  return { kind: 'answered', errcode: token.errcode, errmsg: token.reason, rid: null, data: null }
}

function passedCheck(check: AccountCheck['check'], message: string): AccountCheck {
  return { check, ok: true, message, remedy: null, errcode: null }
}

function failedCheck(
  check: AccountCheck['check'],
  message: string,
  more: { remedy: string; errcode?: number },
): AccountCheck {
  return { check, ok: false, message, remedy: more.remedy, errcode: more.errcode ?? null }
}

/** Whether this machine's clock agrees with WeChat's; nothing before enough pushes have shown it. */
export function clockChecks(report: SkewReport | null): AccountCheck[] {
  if (!report) return []
  const skewText = `This machine’s clock is ${describeSkew(report.skewMs)} (${report.samples} callbacks)`
  if (!isLargeSkew(report)) return [passedCheck('clock', `${skewText}.`)]
  const effect =
    report.refused * 2 > report.samples
      ? 'Callbacks are refused because of it'
      : report.correctionMs === 0
        ? 'It is not steady, so messages of the first minute may be lost'
        : 'New runs are counted by WeChat’s clock meanwhile'
  const remedy = 'Set the clock right on every machine of this deployment (NTP, for example chrony).'
  return [failedCheck('clock', `${skewText}. ${effect}.`, { remedy })]
}
