import type { Log } from '../shared/log.ts'
import { HOUR_MS } from '../shared/time-units.ts'
import type { Account } from '../store/accounts/account.ts'
import type { AccountStore } from '../store/accounts/account-store.ts'
import type { PlatformStore } from '../store/accounts/platform-store.ts'
import type { AccessToken, WechatAnswer } from '../wechat/api/client.ts'
import { ERRCODE } from '../wechat/rules/errcodes.ts'
import type { ComponentCalls } from './component-calls.ts'
import { PlatformError } from './platform-error.ts'

/** WeChat pushes a ticket every ten minutes. A ticket lives twelve hours (api_component_verify_ticket). */
export const TICKET_LIFETIME_MS = 12 * HOUR_MS
const LIST_PAGE_SIZE = 500

interface PlatformTokensDeps {
  /** The appId of the platform, COMPONENT_APP_ID. */
  appId: string
  store: PlatformStore
  accounts: AccountStore
  calls: ComponentCalls
  now(): number
  log: Log
}

/** Fetches the tokens of a third-party platform for the token provider. */
export class PlatformTokens {
  readonly #deps: PlatformTokensDeps

  constructor(deps: PlatformTokensDeps) {
    this.#deps = deps
  }

  /** Fetches the component token of the platform with the last ticket. */
  async fetchComponentToken(): Promise<WechatAnswer<AccessToken>> {
    const { appId, store, now, calls } = this.#deps
    const known = await store.readTicket(appId)
    if (known && now() - known.receivedAt <= TICKET_LIFETIME_MS)
      return calls.client.componentToken(known.ticket)
    await calls.client.startPushTicket()
    return {
      kind: 'failed',
      reason:
        'there is no component_verify_ticket yet: WeChat pushes one every ten minutes to …/wechat/component (授权事件接收URL)',
    }
  }

  /** Fetches the access token of an authorised account, and stores the refresh token of the answer. */
  async fetchAuthoriserToken(account: Account): Promise<WechatAnswer<AccessToken>> {
    try {
      const refreshToken = account.refreshToken ?? (await this.#recoverRefreshToken(account.appId))
      if (!refreshToken) return this.#requireAuthorisation(account, 'the account has no refresh token')
      const answer = await this.#exchange(account, refreshToken)
      if (answer.kind !== 'answered' || answer.errcode !== ERRCODE.refreshTokenInvalid) return answer
      const other = await this.#recoverRefreshToken(account.appId)
      if (!other || other === refreshToken)
        return this.#requireAuthorisation(
          account,
          `WeChat refuses the refresh token (${ERRCODE.refreshTokenInvalid})`,
        )
      return await this.#exchange(account, other)
    } catch (err) {
      if (!(err instanceof PlatformError)) throw err
      return { kind: err.malformed ? 'malformed' : 'failed', reason: err.message }
    }
  }

  async #exchange(account: Account, refreshToken: string): Promise<WechatAnswer<AccessToken>> {
    const { calls, accounts } = this.#deps
    const answer = await calls.withToken((token) =>
      calls.client.authoriserToken(token, account.appId, refreshToken),
    )
    if (answer.kind !== 'answered') return answer
    if (!answer.data) return { ...answer, data: null }
    const { authorizer_access_token: access_token, authorizer_refresh_token, expires_in } = answer.data
    if (authorizer_refresh_token) await accounts.saveRefreshToken(account, authorizer_refresh_token)
    return { ...answer, data: { access_token, expires_in } }
  }

  /** Fetches the refresh token from WeChat's list of authorised accounts, for the case that the stored one is lost. */
  async #recoverRefreshToken(appId: string): Promise<string | null> {
    const { calls } = this.#deps
    for (let offset = 0; ; offset += LIST_PAGE_SIZE) {
      const answer = await calls.withToken((token) =>
        calls.client.authoriserList(token, offset, LIST_PAGE_SIZE),
      )
      if (answer.kind !== 'answered' || !answer.data) return null
      const { list, total_count } = answer.data
      const found = list.find((a) => a.authorizer_appid === appId)
      if (found) return found.refresh_token
      if (list.length === 0 || offset + list.length >= total_count) return null
    }
  }

  /** Records that the account needs authorisation. Its sends wait from now on without calls to WeChat. */
  async #requireAuthorisation(account: Account, reason: string): Promise<WechatAnswer<AccessToken>> {
    const { accounts, log } = this.#deps
    const remedy = 'The owner must authorise again: /wechat/component/authorize'
    await accounts.recordRefusedAuthorisation(account, `${reason}. ${remedy}`)
    log.error({ appId: account.appId, reason }, 'account needs authorisation')
    return { kind: 'answered', errcode: ERRCODE.refreshTokenInvalid, errmsg: reason, rid: null, data: null }
  }
}
