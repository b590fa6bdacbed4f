import { envelope, type Fields } from '../callbacks/envelope.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { type ComponentPush, pushToComponent, targetOf } from './component-push.ts'
import { ALL_FUNCS, type Authorisation, type ComponentState } from './component-state.ts'
import { type ReleaseTestGroup, type ReleaseTestReport, runReleaseTest } from './release-test.ts'

/** The result of an authorisation, as the page returns it. */
interface Consent {
  /** `auth_code` of the redirect; valid once, for 10 minutes. */
  authCode: string
  expiresIn: number
  /** null: the account granted the same sets again, so nothing was pushed. */
  push: ComponentPush | null
}

interface PushLog {
  pushes: ComponentPush[]
  tickets: (ComponentPush & { ticket: string })[]
}
const logs = new WeakMap<ComponentState, PushLog>()

/** What WeChat, and the owners of the accounts, do with one platform. Several controllers of a platform share its log. */
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

  /** Every pushed ticket with its answer, oldest first. */
  get pushedTickets(): PushLog['tickets'] {
    return this.#log.tickets
  }

  /** Every push to the platform's own URL, tickets included. */
  get pushes(): ComponentPush[] {
    return this.#log.pushes
  }

  /** The number of requests of each call. */
  get tokenRequests(): ComponentState['requestCounts'] {
    return this.#component.requestCounts
  }

  /** Pushes any fields: `InfoType` and the others. `timestamp`: of the query, s. */
  async push(fields: Fields, options: { timestamp?: number } = {}): Promise<ComponentPush> {
    const now = this.#wechat.now()
    const { answerTimeoutMs } = this.#wechat
    const allFields: Fields = { AppId: this.appId, CreateTime: Math.floor(now / 1000), ...fields }
    const pushed = await pushToComponent(this.#component, allFields, { now, answerTimeoutMs, ...options })
    this.#log.pushes.push(pushed)
    // WeChat keeps every ticket and authorisation, even when this process is killed.
    this.#wechat.save()
    return pushed
  }

  /** Pushes a new ticket, as WeChat does every 10 minutes. `timestamp`: of the query, s. */
  async pushTicket(options?: { timestamp?: number }): Promise<ComponentPush> {
    const ticket = this.#component.newTicket(this.#wechat.now())
    const pushed = await this.push(
      { InfoType: 'component_verify_ticket', ComponentVerifyTicket: ticket },
      options,
    )
    this.#log.tickets.push({ ...pushed, ticket })
    return pushed
  }

  /** Query and body of a push to the platform's own URL, for a test that sends the push itself. */
  envelope(
    fields: Fields,
    timestamp = Math.floor(this.#wechat.now() / 1000),
  ): { query: URLSearchParams; body: string } {
    return envelope(targetOf(this.#component), fields, timestamp)
  }

  /** Encrypts everything from now on with this key. */
  rotateKey(newAesKey: string): void {
    this.#component.aesKey = newAesKey
  }

  /** Expires all tickets: 61005 until the next push. */
  expireTicket(): void {
    this.#component.expireTickets()
  }

  /** Expires all component access tokens: 42006. */
  expireComponentToken(): void {
    this.#component.tokens.expire()
  }

  /** Expires an account's authoriser access tokens: 42001. */
  expireAuthoriserTokens(accountAppId: string): void {
    this.#requireAuthorisation(accountAppId).tokens.expire()
  }

  setIpWhitelisted(isWhitelisted: boolean): void {
    this.#component.ipWhitelisted = isWhitelisted
  }

  /**
   * A scan on the authorisation page: the account agrees and gets a new refresh token. Pushes `authorized`, or
   * `updateauthorized` when it had granted other sets before.
   * @throws Error when the pre-auth code is unknown, used or expired, or the simulator has no such account
   */
  async authorise(
    preAuthCode: string,
    accountAppId: string,
    { funcs = ALL_FUNCS }: { funcs?: number[] } = {},
  ): Promise<Consent> {
    const now = this.#wechat.now()
    const component = this.#component
    if (!component.isValidPreAuthCode(preAuthCode, now))
      throw new Error('the pre-auth code is unknown or expired')
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

  /** The account withdraws its authorisation: its tokens are refused (61003), and `unauthorized` is pushed. */
  async revoke(accountAppId: string): Promise<ComponentPush> {
    this.#requireAuthorisation(accountAppId)
    this.#component.revoke(accountAppId)
    return this.push({ InfoType: 'unauthorized', AuthorizerAppid: accountAppId })
  }

  /** Changes the permission sets. Pushes `updateauthorized`; returns null when nothing has changed. */
  async updateAuthorisation(accountAppId: string, funcIds: number[]): Promise<ComponentPush | null> {
    const authorisation = this.#requireAuthorisation(accountAppId)
    if (!this.#component.changeFuncs(authorisation, funcIds)) return null
    const code = this.#component.newCode(accountAppId, this.#wechat.now())
    return this.#pushConsent('updateauthorized', authorisation, code)
  }

  /** The refresh token is refused (61023) and missing from `api_get_authorizer_list`. Only a new authorisation helps. */
  loseRefreshToken(accountAppId: string): void {
    this.#requireAuthorisation(accountAppId).refreshToken = null
  }

  /** The refresh token is refused (61023). `api_get_authorizer_list` has a new one. */
  invalidateRefreshToken(accountAppId: string): void {
    this.#component.replaceRefreshToken(this.#requireAuthorisation(accountAppId))
  }

  /** Whether `api_authorizer_token` issues a new refresh token each time; off by default. */
  rotateRefreshTokens(isOn: boolean): void {
    this.#component.options.rotatesRefreshTokens = isOn
  }

  authorisation(accountAppId: string): Authorisation | undefined {
    return this.#component.authorisations.get(accountAppId)
  }

  /** 全网发布: simulates WeChat's tester with one of its five groups of accounts. */
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
