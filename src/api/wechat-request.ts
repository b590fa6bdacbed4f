import type { Account } from '../store/accounts/account.ts'
import type { WechatAnswer, WechatClient } from '../wechat/api/client.ts'
import { type CallProblem, withToken } from '../wechat/api/with-token.ts'
import { remedyOf, type WechatCall } from '../wechat/rules/errcodes.ts'
import { ApiError, refused } from './api-error.ts'
import type { ApiDeps } from './routes/route-helpers.ts'

type Call<T> = (client: WechatClient, accessToken: string) => Promise<WechatAnswer<T>>

/** An operator waits for the answer. */
const BAD_ANSWER_RETRY_MS = [500]

/**
 * Calls WeChat for an operator who waits for the answer; a token that WeChat refuses is fetched anew, as for a send.
 * `also`: errcodes that the caller wants as null.
 * @throws ApiError 422 with WeChat's errcode, 503 when WeChat does not answer, or not as it documents
 */
export async function requestWechat<T>(
  { tokens, clientOf }: Pick<ApiDeps, 'tokens' | 'clientOf'>,
  account: Pick<Account, 'appId' | 'apiBase'>,
  kind: WechatCall,
  call: Call<T>,
  expectedErrcodes: readonly number[] = [],
): Promise<T | null> {
  const client = clientOf(account)
  const called = await withToken(
    tokens,
    account.appId,
    kind,
    (token) => call(client, token),
    BAD_ANSWER_RETRY_MS,
  )
  if (called.ok) return called.data
  if (called.errcode !== null && expectedErrcodes.includes(called.errcode)) return null
  throw wechatError(called)
}

function wechatError(problem: CallProblem): ApiError {
  const { reason, errcode } = problem
  if (errcode !== null) return refusedByWechat(errcode, reason, problem)
  if (problem.is === 'bad-answer') {
    const message = `WeChat's answer cannot be read: ${reason}. Perhaps it was done; it may be asked again. Something between this server and WeChat may have answered instead: a proxy, a sign-in page.`
    return new ApiError(503, 'wechat-unavailable', message)
  }
  const unclear = problem.is === 'transient' && problem.unclear
  const done = unclear ? 'Perhaps it was done; it may be asked again.' : 'Nothing was changed.'
  return new ApiError(503, 'wechat-unavailable', `WeChat does not answer: ${reason}. ${done}`)
}

function refusedByWechat(errcode: number, errmsg: string, problem: CallProblem): ApiError {
  const remedy =
    errcode === 48001
      ? ' This account may not use this interface: it must be certified, or be of another kind.'
      : problem.is === 'account-stopped'
        ? ` ${remedyOf(errcode).en}`
        : ''
  return refused(`WeChat refuses this (errcode ${errcode}): ${errmsg || 'no reason given'}.${remedy}`)
}
