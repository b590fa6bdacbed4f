import { createHash } from 'node:crypto'
import { createSignedTokens } from '../auth/secrets/signed-token.ts'
import type { PlatformConfig } from '../config/config.ts'
import type { PlatformStore } from '../store/accounts/platform-store.ts'
import type { ComponentCalls } from './component-calls.ts'
import { requireData } from './platform-error.ts'

interface AuthorisationLinksDeps {
  config: PlatformConfig
  store: PlatformStore
  calls: ComponentCalls
  /** Base URL of the authorisation pages of a simulated WeChat; null: WeChat's own pages. */
  wechatPages: string | null
  now(): number
}

/** Links to WeChat's authorisation page. Each link has a signed state, which the return must contain. */
export class AuthorisationLinks {
  readonly #deps: AuthorisationLinksDeps
  readonly #states: ReturnType<typeof createSignedTokens>

  constructor(deps: AuthorisationLinksDeps) {
    this.#deps = deps
    this.#states = createSignedTokens(deps.config.appSecret, 'authorisation visit')
  }

  /** The URL of WeChat's page for a computer or a phone. @throws PlatformError */
  async start(device: 'pc' | 'phone'): Promise<string> {
    const { config, store, calls, now, wechatPages } = this.#deps
    const answer = await calls.withToken((token) => calls.client.preAuthCode(token))
    const { pre_auth_code, expires_in } = requireData(answer, 'api_create_preauthcode')
    const state = this.#states.issue()
    await store.savePendingAuthorisation(state, now(), now() + expires_in * 1000)
    const query = new URLSearchParams({
      component_appid: config.appId,
      pre_auth_code,
      redirect_uri: `${config.publicUrl}/wechat/component/authorized?state=${state}`,
      auth_type: '1',
    })
    return device === 'pc'
      ? `${wechatPages ?? 'https://mp.weixin.qq.com'}/cgi-bin/componentloginpage?${query}`
      : `${wechatPages ?? 'https://open.weixin.qq.com'}/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&${query}#wechat_redirect`
  }

  /** Whether this platform issued the state. Needs no statement. */
  isOwnState(state: string): boolean {
    return this.#states.isGenuine(state)
  }

  /** Uses the state for this code. @returns false when it has expired, or was used for another code */
  redeem(state: string, code: string): Promise<boolean> {
    return this.#deps.store.redeemPendingAuthorisation(state, authorisationKey(code), this.#deps.now())
  }
}

/** The key of an authorisation: a hash of its code. */
export function authorisationKey(code: string): string {
  return `code-${createHash('sha256').update(code).digest('base64url').slice(0, 32)}`
}
