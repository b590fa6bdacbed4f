import type { Log } from '../shared/log.ts'
import type { WechatAnswer } from '../wechat/api/client.ts'
import type { AuthorisationInfo, ComponentClient } from '../wechat/api/component-client.ts'
import type { TokenProvider } from '../wechat/api/tokens.ts'
import { isTokenRefused, RetryBudget, requestWithToken } from '../wechat/api/with-token.ts'
import { PlatformError, requireData } from './platform-error.ts'

/** Calls to WeChat with the component token of the platform. */
export class ComponentCalls {
  readonly client: ComponentClient
  readonly #appId: string
  readonly #tokens: TokenProvider
  readonly #log: Log

  /** @param deps.appId the appId of the platform, COMPONENT_APP_ID */
  constructor(deps: { appId: string; client: ComponentClient; tokens: TokenProvider; log: Log }) {
    this.client = deps.client
    this.#appId = deps.appId
    this.#tokens = deps.tokens
    this.#log = deps.log
  }

  /**
   * Makes a call with the component token. Repeats it once with a new token when WeChat refuses the token.
   * @throws PlatformError when there is no token
   */
  async withToken<T>(call: (token: string) => Promise<WechatAnswer<T>>): Promise<WechatAnswer<T>> {
    const called = await requestWithToken(this.#tokens, this.#appId, {
      request: call,
      isTokenRefused: (answer) => isTokenRefused(answer, 'platform'),
      beforeRefresh: async (answer) => {
        const errcode = answer.kind === 'answered' ? answer.errcode : null
        this.#log.warn({ errcode }, 'component token refused')
      },
      refreshes: ['normal'],
      retries: new RetryBudget([]),
    })
    if (called.ok) return called.result
    throw new PlatformError(`no component token: ${called.reason}`, called.errcode, called.malformed)
  }

  /** Exchanges an authorisation code. WeChat accepts each code once. @throws PlatformError */
  async queryAuth(code: string): Promise<AuthorisationInfo> {
    const answer = await this.withToken((token) => this.client.queryAuth(token, code))
    return requireData(answer, 'api_query_auth').authorization_info
  }
}
