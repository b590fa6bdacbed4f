import type { Account } from '../store/accounts/account.ts'
import type { WechatAnswer, WechatClient } from '../wechat/api/client.ts'
import { type CallProblem, withToken } from '../wechat/api/with-token.ts'
import { remedyOf, type WechatCall } from '../wechat/rules/errcodes.ts'
import { ApiError, refused } from './api-error.ts'
import type { ApiDeps } from './routes/route-helpers.ts'

type Call<T> = (client: WechatClient, accessToken: string) => Promise<WechatAnswer<T>>

/** Short, because an operator is waiting for the response. */
const BAD_ANSWER_RETRY_MS = [500]

const MAYBE_DONE = 'The change may have been made. It is safe to repeat the call.'

/**
 * Calls WeChat while an operator waits for the response. A refused access token is fetched again, as for a send.
 * @param expectedErrcodes errcodes for which the result is null
 * @throws ApiError 422 with WeChat's errcode; 503 if WeChat is not reachable or its response is malformed
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

/** The error of a call to WeChat that an operator waits for. */
export function wechatError(problem: CallProblem): ApiError {
  const { reason, errcode } = problem
  if (errcode !== null) return refusedByWechat(errcode, reason, problem)
  if (problem.is === 'bad-answer') {
    const message = `The response of WeChat cannot be read: ${reason}. ${MAYBE_DONE} A proxy or a sign-in page may have answered in place of WeChat.`
    return new ApiError(503, 'wechat-unavailable', message)
  }
  const unclear = problem.is === 'transient' && problem.unclear
  const effect = unclear ? MAYBE_DONE : 'Nothing was changed.'
  return new ApiError(503, 'wechat-unavailable', `WeChat is not reachable: ${reason}. ${effect}`)
}

function refusedByWechat(errcode: number, errmsg: string, problem: CallProblem): ApiError {
  const remedy =
    errcode === 48001
      ? ' This account has no permission for this interface: it must be certified, or be of another type.'
      : problem.is === 'account-stopped'
        ? ` ${remedyOf(errcode).en}`
        : ''
  return refused(`WeChat refused the call (errcode ${errcode}): ${errmsg || 'no reason given'}.${remedy}`)
}
