import type { Account } from '../store/accounts.ts'
import { type Trouble, withToken } from '../wechat/api/with-token.ts'
import type { WechatAnswer, WechatClient } from '../wechat/client.ts'
import { remedyOf, type WechatCall } from '../wechat/errcodes.ts'
import { ApiError, refused } from './errors.ts'
import type { ApiDeps } from './kit.ts'

type Call<T> = (client: WechatClient, accessToken: string) => Promise<WechatAnswer<T>>

/** An operator waits for the answer. */
const BAD_ANSWER_AGAIN_MS = [500]

/**
 * Calls WeChat for an operator who waits for the answer; a token that WeChat refuses is fetched anew, as for a send.
 * `also`: errcodes that the caller wants as null.
 * @throws ApiError 422 with WeChat's errcode, 503 when WeChat does not answer, or not as it documents
 */
export async function callWechat<T>(
  { tokens, clientOf }: Pick<ApiDeps, 'tokens' | 'clientOf'>,
  account: Pick<Account, 'appId' | 'apiBase'>,
  kind: WechatCall,
  call: Call<T>,
  also: readonly number[] = [],
): Promise<T | null> {
  const client = clientOf(account)
  const called = await withToken(
    tokens,
    account.appId,
    kind,
    (token) => call(client, token),
    BAD_ANSWER_AGAIN_MS,
  )
  if (called.ok) return called.data
  if (called.errcode !== null && also.includes(called.errcode)) return null
  throw errorOf(called)
}

function errorOf(trouble: Trouble): ApiError {
  const { reason, errcode } = trouble
  if (errcode !== null) return refusedByWechat(errcode, reason, trouble)
  if (trouble.is === 'bad-answer') {
    const message = `WeChat's answer cannot be read: ${reason}. Perhaps it was done; it may be asked again. Something between this server and WeChat may have answered instead: a proxy, a sign-in page.`
    return new ApiError(503, 'wechat-away', message)
  }
  const unclear = trouble.is === 'passing' && trouble.unclear
  const done = unclear ? 'Perhaps it was done; it may be asked again.' : 'Nothing was changed.'
  return new ApiError(503, 'wechat-away', `WeChat does not answer: ${reason}. ${done}`)
}

function refusedByWechat(errcode: number, errmsg: string, trouble: Trouble): ApiError {
  const remedy =
    errcode === 48001
      ? ' This account may not use this interface: it must be certified, or be of another kind.'
      : trouble.is === 'account-stopped'
        ? ` ${remedyOf(errcode).en}`
        : ''
  return refused(`WeChat refuses this (errcode ${errcode}): ${errmsg || 'no reason given'}.${remedy}`)
}
