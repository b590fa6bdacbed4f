import type { SendResult } from '../../src/run/send-result.ts'
import type { WechatAnswer } from '../../src/wechat/api/client.ts'
import {
  ACCOUNT_STOPS,
  type AccountStop,
  classOf,
  isMessageKindRefused,
} from '../../src/wechat/rules/errcodes.ts'

/** Why the outcome of a request is unclear. `http`: a gateway answered. `answer`: WeChat's answer is malformed. */
export type UnclearAfter = 'timeout' | 'lost' | 'http' | 'answer'

/** The meaning of an answer to `custom/send`. */
export type Verdict =
  | { is: 'sent' }
  | { is: 'token-refused'; errcode: number }
  /** Certainly not delivered. A retry may succeed. */
  | { is: 'failed'; reason: string; errcode: number | null }
  | { is: 'unclear'; after: UnclearAfter; reason: string }
  /** 45011: not before the next minute. */
  | { is: 'rate-limited' }
  | { is: 'account-stopped'; state: AccountStop; errcode: number }
  /** 40003: the account does not know this follower. */
  | { is: 'bad-follower'; errcode: number }
  | { is: 'over'; result: Ended }

type Ended =
  | Pick<Extract<SendResult, { result: 'window-over' | 'quota-used' | 'media-expired' }>, 'result'>
  | Refused
  | Gone
type Refused = Pick<Extract<SendResult, { result: 'refused' }>, 'result' | 'reason' | 'errcode'>
type Gone = Pick<Extract<SendResult, { result: 'gone' }>, 'result' | 'outcome' | 'errcode'>

/** True when the account may not send messages of this kind at all. */
export function isKindRefused(result: Ended): boolean {
  return result.result === 'refused' && isMessageKindRefused(result.errcode)
}

/** The verdict's label in the metrics. */
export function verdictClass(verdict: Verdict): string {
  return verdict.is === 'over' ? verdict.result.result : verdict.is
}

/** Interprets WeChat's answer by the table of errcodes. */
export function verdictOf(answer: WechatAnswer<unknown>): Verdict {
  if (answer.kind === 'failed') return { is: 'failed', reason: answer.reason, errcode: null }
  if (answer.kind === 'unclear') return { is: 'unclear', after: answer.after, reason: answer.reason }
  if (answer.kind === 'malformed') return { is: 'unclear', after: 'answer', reason: answer.reason }
  const { errcode } = answer
  const errcodeClass = classOf(errcode)
  switch (errcodeClass) {
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
    case 'account-blocked':
    case 'account-paused':
    case 'needs-authorisation':
      return { is: 'account-stopped', state: ACCOUNT_STOPS[errcodeClass], errcode }
    default:
      return errcodeClass satisfies never
  }
}
