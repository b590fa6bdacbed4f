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

/** No follower has this id. A typing state for it has no effect, and shows whether the account may call the interface. */
const NONEXISTENT_OPENID = 'oVerifyTest000000000000000000'

/**
 * Checks an account with WeChat: secret (for an authorised account, its authorisation), IP whitelist, certification, and
 * whether WeChat has reached the callback.
 * @param authorised returns the access token of an authorised account; absent for an account with its own secret
 * @param otherMode the last push whose mode was not the mode of the account
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
      const message = `WeChat refuses calls from this server (${token.errcode}).`
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
    passedCheck('secret', 'WeChat accepts the secret.'),
    passedCheck('ip-whitelist', 'WeChat accepts calls from this server.'),
    checkCertification(await client.typing(token.data.access_token, NONEXISTENT_OPENID)),
    callback,
  ]
}

/** Calls the interface for an unknown follower. Every error except one about the account itself shows that it is permitted. */
function checkCertification(typing: WechatAnswer<unknown>): AccountCheck {
  if (typing.kind !== 'answered') return unanswered('certification', typing)
  const { errcode } = typing
  if (classOf(errcode) !== 'account-blocked')
    return passedCheck('certification', 'Customer-service messages may be sent.')
  const message = `Customer-service messages may not be sent: ${errcode} ${textOf(errcode)}`
  return failedCheck('certification', message, { remedy: remedyOf(errcode).en, errcode })
}

/** No result: WeChat is not reachable, or the response is not from WeChat. */
function unanswered(
  check: AccountCheck['check'],
  answer: Exclude<WechatAnswer<unknown>, { kind: 'answered' }>,
): AccountCheck {
  return answer.kind === 'malformed'
    ? failedCheck(check, `The response is not from the WeChat API: ${answer.reason}`, {
        remedy:
          'Check that apiBase is the address of the WeChat API, and that no proxy answers in its place.',
      })
    : failedCheck(check, `WeChat is not reachable: ${answer.reason}`, {
        remedy: 'Check the internet connection of this server, and apiBase.',
      })
}

function checkCallback(
  { appId, mode, lastCallbackAt }: Pick<Account, 'appId' | 'mode' | 'lastCallbackAt'>,
  otherMode: ModeMismatch | null,
): AccountCheck {
  if (otherMode && (otherMode.received === 'plain') !== (mode === 'plain')) {
    const arrivedMode = otherMode.received === 'plain' ? 'plain (明文模式)' : 'encrypted (安全模式)'
    const neededMode = otherMode.received === 'plain' ? 'plain' : 'security'
    const body = neededMode === 'plain' ? '{"mode": "plain"}' : '{"mode": "security", "encodingAesKey": "…"}'
    return failedCheck(
      'callback',
      `The modes differ: the account is registered as ${mode}, but the last push of WeChat that was refused (${new Date(otherMode.at).toISOString()}) was ${arrivedMode}.`,
      {
        remedy: `Select ${mode === 'plain' ? '明文模式' : '安全模式'} at WeChat (消息加解密方式), or change the account: PATCH /api/accounts/${appId} with ${body}.`,
      },
    )
  }
  return lastCallbackAt
    ? passedCheck('callback', 'WeChat has reached the callback.')
    : failedCheck('callback', 'WeChat has not reached the callback yet.', {
        remedy: `Enter the callback address …/wechat/${appId} in the account's settings at WeChat (消息与事件推送) and switch it on.`,
      })
}

/** An access token of the platform, in the shape of WeChat's response. */
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

/** Compares this machine's clock with WeChat's. Empty until enough pushes have arrived. */
export function clockChecks(report: SkewReport | null): AccountCheck[] {
  if (!report) return []
  const skewText = `This machine’s clock is ${describeSkew(report.skewMs)} (${report.samples} callbacks)`
  if (!isLargeSkew(report)) return [passedCheck('clock', `${skewText}.`)]
  const effect =
    report.refused * 2 > report.samples
      ? 'Most callbacks are refused because of it'
      : report.correctionMs === 0
        ? 'The difference is not steady, so messages of the first minute may be lost'
        : 'Until it is fixed, new runs use WeChat’s clock'
  const remedy = 'Synchronise the clock of every machine of this deployment (NTP, for example chrony).'
  return [failedCheck('clock', `${skewText}. ${effect}.`, { remedy })]
}
