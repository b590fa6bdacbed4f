import { envelope, type Fields } from '../callbacks/envelope.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { type ComponentPush, pushToComponent, targetOf } from './component-push.ts'
import { ALL_FUNCS, type Authorisation, type ComponentState } from './component-state.ts'
import { type ReleaseTestGroup, type ReleaseTestReport, runReleaseTest } from './release-test.ts'

/** An account's consent as the page gives it back. */
interface Consent {
  /** `auth_code` of the redirect; good once, 10 minutes. */
  authCode: string
  expiresIn: number
  /** null: nothing to push, the account agreed to the same sets again. */
  push: ComponentPush | null
}

interface PushLog {
  pushes: ComponentPush[]
  tickets: (ComponentPush & { ticket: string })[]
}
const logs = new WeakMap<ComponentState, PushLog>()

/** What WeChat, and the accounts' owners, do with one platform. Several controllers of a platform share its log. */
export class PlatformController {
  readonly #wechat: SimulatedWechat
  readonly #component: ComponentState
  readonly #log: PushLog

  constructor(wechat: SimulatedWechat, component: ComponentState) {
    this.#wechat = wechat
    this.#component = component
    this.#log = logs.get(component) ?? { pushes: [], tickets: [] }
    logs.set(component, this.#log)
  }

  get appId(): string {
    return this.#component.options.appId
  }

  /** Every ticket pushed, oldest first, with its answer. */
  get pushedTickets(): PushLog['tickets'] {
    return this.#log.tickets
  }

  /** Every push to the platform's own address, tickets too. */
  get pushes(): ComponentPush[] {
    return this.#log.pushes
  }

  /** How often each call came. */
  get tokenRequests(): ComponentState['requestCounts'] {
    return this.#component.requestCounts
  }

  /** Pushes any fields: `InfoType` and the others. `timestamp`: the query's, s. */
  async push(fields: Fields, options: { timestamp?: number } = {}): Promise<ComponentPush> {
    const now = this.#wechat.now()
    const { answerTimeoutMs } = this.#wechat
    const allFields: Fields = { AppId: this.appId, CreateTime: Math.floor(now / 1000), ...fields }
    const pushed = await pushToComponent(this.#component, allFields, { now, answerTimeoutMs, ...options })
    this.#log.pushes.push(pushed)
    // WeChat forgets no ticket and no consent, whatever becomes of this process.
    this.#wechat.save()
    return pushed
  }

  /** Pushes a new ticket, as WeChat does every 10 minutes. `timestamp`: the query's, s. */
  async pushTicket(options?: { timestamp?: number }): Promise<ComponentPush> {
    const ticket = this.#component.newTicket(this.#wechat.now())
    const pushed = await this.push(
      { InfoType: 'component_verify_ticket', ComponentVerifyTicket: ticket },
      options,
    )
    this.#log.tickets.push({ ...pushed, ticket })
    return pushed
  }

  /** Query and body of a push to the platform's own address, for a test that sends it itself. */
  envelope(
    fields: Fields,
    timestamp = Math.floor(this.#wechat.now() / 1000),
  ): { query: URLSearchParams; body: string } {
    return envelope(targetOf(this.#component), fields, timestamp)
  }

  /** From now on everything is encrypted with this key. */
  rotateKey(newAesKey: string): void {
    this.#component.aesKey = newAesKey
  }

  /** All tickets so far have expired: 61005 until the next push. */
  expireTicket(): void {
    this.#component.expireTickets()
  }

  /** Component access tokens have expired: 42006. */
  expireComponentToken(): void {
    this.#component.tokens.expire()
  }

  /** An account's authoriser access tokens have expired: 42001. */
  expireAuthoriserTokens(accountAppId: string): void {
    this.#requireAuthorisation(accountAppId).tokens.expire()
  }

  setIpWhitelisted(isWhitelisted: boolean): void {
    this.#component.ipWhitelisted = isWhitelisted
  }

  /**
   * A scan on the page: the account agrees, and `authorized` is pushed (`updateauthorized` when it had agreed to other
   * sets). The refresh token is a new one.
   * @throws Error when the pre-auth code is unknown, spent or expired, or the simulator has no such account
   */
  async authorise(
    preAuthCode: string,
    accountAppId: string,
    { funcs = ALL_FUNCS }: { funcs?: number[] } = {},
  ): Promise<Consent> {
    const now = this.#wechat.now()
    const component = this.#component
    if (!component.isValidPreAuthCode(preAuthCode, now))
      throw new Error('this pre-auth code is unknown or expired')
    this.#wechat.account(accountAppId)
    component.spendPreAuthCode(preAuthCode)
    const change = component.authorise(accountAppId, funcs, preAuthCode, now)
    const authCode = component.newCode(accountAppId, now)
    const pushedCode = component.options.separateCodes ? component.newCode(accountAppId, now) : authCode
    this.#wechat.save()
    const authorisation = this.#requireAuthorisation(accountAppId)
    const push = change ? await this.#pushConsent(change, authorisation, pushedCode) : null
    return { authCode, expiresIn: 600, push }
  }

  /** The account withdraws: its tokens are refused (61003), and `unauthorized` is pushed. */
  async revoke(accountAppId: string): Promise<ComponentPush> {
    this.#requireAuthorisation(accountAppId)
    this.#component.revoke(accountAppId)
    return this.push({ InfoType: 'unauthorized', AuthorizerAppid: accountAppId })
  }

  /** Other permission sets; pushes `updateauthorized`, or null when nothing changed. */
  async updateAuthorisation(accountAppId: string, funcIds: number[]): Promise<ComponentPush | null> {
    const authorisation = this.#requireAuthorisation(accountAppId)
    if (!this.#component.changeFuncs(authorisation, funcIds)) return null
    const code = this.#component.newCode(accountAppId, this.#wechat.now())
    return this.#pushConsent('updateauthorized', authorisation, code)
  }

  /** The refresh token is refused (61023), and `api_get_authorizer_list` has none: only a new authorisation helps. */
  loseRefreshToken(accountAppId: string): void {
    this.#requireAuthorisation(accountAppId).refreshToken = null
  }

  /** The refresh token is refused (61023); `api_get_authorizer_list` has the new one. */
  invalidateRefreshToken(accountAppId: string): void {
    this.#component.replaceRefreshToken(this.#requireAuthorisation(accountAppId))
  }

  /** Whether `api_authorizer_token` gives a new refresh token each time; off by default. */
  rotateRefreshTokens(isOn: boolean): void {
    this.#component.options.rotatesRefreshTokens = isOn
  }

  authorisation(accountAppId: string): Authorisation | undefined {
    return this.#component.authorisations.get(accountAppId)
  }

  /** 全网发布: plays WeChat's tester with one of its five groups of accounts. */
  async runReleaseTest(group: ReleaseTestGroup): Promise<ReleaseTestReport> {
    const ticket = await this.pushTicket()
    return runReleaseTest(this.#wechat, this.#component, group, ticket)
  }

  #pushConsent(infoType: string, authorisation: Authorisation, code: string): Promise<ComponentPush> {
    return this.push({
      InfoType: infoType,
      AuthorizerAppid: authorisation.appId,
      AuthorizationCode: code,
      AuthorizationCodeExpiredTime: Math.floor(this.#component.codeExpiresAt(code) / 1000),
      PreAuthCode: authorisation.preAuthCode,
    })
  }

  #requireAuthorisation(accountAppId: string): Authorisation {
    const found = this.#component.authorisations.get(accountAppId)
    if (!found) throw new Error(`${accountAppId} has not authorised ${this.appId}`)
    return found
  }
}
