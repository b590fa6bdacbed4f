import type { Account } from '../store/accounts.ts'
import type { WechatAnswer, WechatClient } from '../wechat/client.ts'
import { classOf, remedyOf } from '../wechat/errcodes.ts'
import type { TokenAnswer } from '../wechat/tokens.ts'
import { ApiError, refused } from './errors.ts'
import type { ApiDeps } from './kit.ts'

type Call<T> = (client: WechatClient, accessToken: string) => Promise<WechatAnswer<T>>

/**
 * Calls WeChat for an operator who waits for the answer; a token that WeChat refuses is fetched anew, as for a send.
 * `also`: errcodes that the caller wants as null.
 * @throws ApiError 422 with WeChat's errcode, 503 when WeChat does not answer
 */
export async function callWechat<T>(
  { tokens, clientOf }: Pick<ApiDeps, 'tokens' | 'clientOf'>,
  account: Pick<Account, 'appId' | 'apiBase'>,
  call: Call<T>,
  also: readonly number[] = [],
): Promise<T | null> {
  const client = clientOf(account)
  let token = usable(await tokens.getToken(account.appId))
  let answer = await call(client, token)
  for (const how of ['normal', 'force'] as const) {
    if (answer.kind !== 'answered' || classOf(answer.errcode) !== 'token') break
    token = usable(await tokens.afterRefusal(account.appId, token, how))
    answer = await call(client, token)
  }
  if (answer.kind === 'failed') throw away(`${answer.reason}. Nothing was changed.`)
  if (answer.kind === 'unclear') throw away(`${answer.reason}. Perhaps it was done; it may be asked again.`)
  if (also.includes(answer.errcode)) return null
  if (answer.errcode !== 0) throw refusedByWechat(answer.errcode, answer.errmsg)
  return answer.data
}

function usable(token: TokenAnswer): string {
  if (token.ok) return token.accessToken
  throw token.errcode === null
    ? away(`${token.reason}. Nothing was changed.`)
    : refusedByWechat(token.errcode, token.reason)
}

function away(reason: string): ApiError {
  return new ApiError(503, 'wechat-away', `WeChat does not answer: ${reason}`)
}

function refusedByWechat(errcode: number, errmsg: string): ApiError {
  const kind = classOf(errcode)
  const remedy =
    errcode === 48001
      ? ' This account may not use this interface: it must be certified, or be of another kind.'
      : kind === 'account-paused' || kind === 'account-blocked'
        ? ` ${remedyOf(errcode).en}`
        : ''
  return refused(`WeChat refuses this (errcode ${errcode}): ${errmsg || 'no reason given'}.${remedy}`)
}
