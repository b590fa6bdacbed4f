import type { Log } from '../shared/log.ts'
import type { WechatAnswer } from '../wechat/api/client.ts'
import type { AuthorisationInfo, ComponentClient } from '../wechat/api/component-client.ts'
import type { TokenAnswer, TokenProvider } from '../wechat/api/tokens.ts'
import { classOf } from '../wechat/rules/errcodes.ts'
import { PlatformError, requireData } from './platform-error.ts'

/** The platform's own calls to WeChat, made with its component token. */
export class ComponentCalls {
  readonly client: ComponentClient
  readonly #appId: string
  readonly #tokens: TokenProvider
  readonly #log: Log

  /** @param deps.appId the platform's own, COMPONENT_APP_ID */
  constructor(deps: { appId: string; client: ComponentClient; tokens: TokenProvider; log: Log }) {
    this.client = deps.client
    this.#appId = deps.appId
    this.#tokens = deps.tokens
    this.#log = deps.log
  }

  /**
   * One call with the component token; with a new one where WeChat does not take it any more.
   * @throws PlatformError when there is no token
   */
  async withToken<T>(call: (token: string) => Promise<WechatAnswer<T>>): Promise<WechatAnswer<T>> {
    const token = requireToken(await this.#tokens.getToken(this.#appId))
    const answer = await call(token)
    if (answer.kind !== 'answered' || classOf(answer.errcode, 'platform') !== 'token') return answer
    this.#log.warn({ errcode: answer.errcode }, 'component token refused')
    return call(requireToken(await this.#tokens.afterRefusal(this.#appId, token, 'normal')))
  }

  /** Exchanges an authorisation code, once. @throws PlatformError */
  async queryAuth(code: string): Promise<AuthorisationInfo> {
    const answer = await this.withToken((token) => this.client.queryAuth(token, code))
    return requireData(answer, 'api_query_auth').authorization_info
  }
}

/** @throws PlatformError */
function requireToken(token: TokenAnswer): string {
  if (!token.ok)
    throw new PlatformError(`no component token: ${token.reason}`, token.errcode, token.malformed)
  return token.accessToken
}
