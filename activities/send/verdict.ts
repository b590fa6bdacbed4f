import type { SendResult } from '../../src/run/send-result.ts'
import type { WechatAnswer } from '../../src/wechat/api/client.ts'
import type { AccountStop } from '../../src/wechat/api/with-token.ts'
import { classOf } from '../../src/wechat/rules/errcodes.ts'

/** After what nobody knows: `http`: a gateway's answer; `answer`: one that is no answer to a send. */
export type UnclearAfter = 'timeout' | 'lost' | 'http' | 'answer'

/** What an answer to `custom/send` means, before anything is done about it. */
export type Verdict =
  | { is: 'sent' }
  | { is: 'token-refused'; errcode: number }
  /** Certainly not delivered; worth another try. */
  | { is: 'failed'; reason: string; errcode: number | null }
  | { is: 'unclear'; after: UnclearAfter; reason: string }
  /** 45011: slower, next minute. */
  | { is: 'rate-limited' }
  | { is: 'account-stopped'; state: AccountStop; errcode: number }
  /** 40003: this follower is unknown to the account. */
  | { is: 'bad-follower'; errcode: number }
  | { is: 'over'; result: Ended }

type Ended =
  | Pick<Extract<SendResult, { result: 'window-over' | 'quota-used' | 'media-expired' }>, 'result'>
  | Refused
  | Gone
type Refused = Pick<Extract<SendResult, { result: 'refused' }>, 'result' | 'reason' | 'errcode'>
type Gone = Pick<Extract<SendResult, { result: 'gone' }>, 'result' | 'outcome' | 'errcode'>

/** The account may not send messages of this kind at all: 45050 (kind not allowed), 48008 (no right to this kind). */
export function isKindRefused(result: Ended): boolean {
  return result.result === 'refused' && (result.errcode === 45050 || result.errcode === 48008)
}

/** One word for the answer, as the metrics have it. */
export function verdictClass(verdict: Verdict): string {
  return verdict.is === 'over' ? verdict.result.result : verdict.is
}

/** Reads WeChat's answer by the table of codes. */
export function verdictOf(answer: WechatAnswer<unknown>): Verdict {
  if (answer.kind === 'failed') return { is: 'failed', reason: answer.reason, errcode: null }
  if (answer.kind === 'unclear') return { is: 'unclear', after: answer.after, reason: answer.reason }
  if (answer.kind === 'malformed') return { is: 'unclear', after: 'answer', reason: answer.reason }
  const { errcode } = answer
  const kind = classOf(errcode)
  switch (kind) {
    case 'ok':
      return { is: 'sent' }
    case 'retry':
      return { is: 'failed', reason: 'WeChat is busy', errcode }
    case 'token':
      return { is: 'token-refused', errcode }
    case 'window-over':
      return { is: 'over', result: { result: 'window-over' } }
    case 'quota-used':
      return { is: 'over', result: { result: 'quota-used' } }
    case 'media':
      return { is: 'over', result: { result: 'media-expired' } }
    case 'content':
      return { is: 'over', result: { result: 'refused', reason: 'refused by WeChat', errcode } }
    case 'unfollowed':
      return { is: 'over', result: { result: 'gone', outcome: 'unsubscribed', errcode } }
    case 'opted-out':
      return { is: 'over', result: { result: 'gone', outcome: 'opted-out', errcode } }
    case 'bad-follower':
      return { is: 'bad-follower', errcode }
    case 'quota-minute':
      return { is: 'rate-limited' }
    case 'quota-day':
      return { is: 'account-stopped', state: 'quota-exhausted', errcode }
    case 'account-blocked':
      return { is: 'account-stopped', state: 'blocked', errcode }
    case 'account-paused':
      return { is: 'account-stopped', state: 'paused', errcode }
    case 'needs-authorisation':
      return { is: 'account-stopped', state: 'needs-authorisation', errcode }
    default:
      return kind satisfies never
  }
}
