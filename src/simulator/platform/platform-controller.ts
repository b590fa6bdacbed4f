import { envelope, type Fields } from '../callbacks/push.ts'
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

/** One platform of the simulator, as a test drives it. */
export interface PlatformController {
  appId: string
  /** Pushes a new ticket, as WeChat does every 10 minutes. `timestamp`: the query's, s. */
  pushTicket(options?: { timestamp?: number }): Promise<ComponentPush>
  /** Every ticket pushed, oldest first, with how it was answered. */
  pushedTickets: (ComponentPush & { ticket: string })[]
  /** Every push to the platform's own address, tickets too. */
  pushes: ComponentPush[]
  /** Any push, for odd kinds: `InfoType` and what else. */
  push(fields: Fields, options?: { timestamp?: number }): Promise<ComponentPush>
  /** Query and body of a push to the platform's own address, for a test that sends it itself. */
  envelope(fields: Fields, timestamp?: number): { query: URLSearchParams; body: string }
  /** From now on everything is sealed with this key. */
  rotateKey(newAesKey: string): void
  /** All tickets so far are over: 61005 until the next push. */
  expireTicket(): void
  /** Component access tokens are over: 42006. */
  expireComponentToken(): void
  /** An account's authoriser access tokens are over: 42001. */
  expireAuthoriserTokens(accountAppId: string): void
  setIpWhitelisted(whitelisted: boolean): void
  /**
   * What a scan on the page does: the account agrees, `authorized` is pushed (`updateauthorized` when it had agreed to
   * other sets). The refresh token is a new one.
   * @throws Error when the pre-auth code is unknown, spent or over, or the simulator has no such account
   */
  authorise(preAuthCode: string, accountAppId: string, options?: { funcs?: number[] }): Promise<Consent>
  /** The account withdraws: tokens are dead (61003), `unauthorized` is pushed. */
  revoke(accountAppId: string): Promise<ComponentPush>
  /** Other permission sets; pushes `updateauthorized`, or null when nothing changed. */
  updateAuthorisation(accountAppId: string, funcIds: number[]): Promise<ComponentPush | null>
  /** The refresh token is dead (61023) and `api_get_authorizer_list` knows none: only a new authorisation helps. */
  loseRefreshToken(accountAppId: string): void
  /** The refresh token is dead (61023); `api_get_authorizer_list` has the new one. */
  invalidateRefreshToken(accountAppId: string): void
  /** Whether `api_authorizer_token` gives a new refresh token each time; off by default. */
  rotateRefreshTokens(on: boolean): void
  authorisation(accountAppId: string): Authorisation | undefined
  /** How often each call came. */
  tokenRequests: ComponentState['requestCounts']
  /** 全网发布: plays WeChat's tester with one of its five groups of accounts. */
  runReleaseTest(group: ReleaseTestGroup): Promise<ReleaseTestReport>
}

const logs = new WeakMap<
  ComponentState,
  { pushes: ComponentPush[]; tickets: PlatformController['pushedTickets'] }
>()

/** What WeChat, and the accounts' owners, do with one platform. Any number of desks may serve one platform. */
export function createPlatformController(
  wechat: SimulatedWechat,
  component: ComponentState,
): PlatformController {
  const log = logs.get(component) ?? { pushes: [], tickets: [] }
  logs.set(component, log)
  const { appId } = component.options
  const { now, answerWithinMs } = wechat

  async function push(fields: Fields, options: { timestamp?: number } = {}): Promise<ComponentPush> {
    const at = now()
    const whole: Fields = { AppId: appId, CreateTime: Math.floor(at / 1000), ...fields }
    const done = await pushToComponent(component, whole, {
      now: at,
      answerTimeoutMs: answerWithinMs,
      ...options,
    })
    log.pushes.push(done)
    // WeChat forgets no ticket and no consent, whatever becomes of this process.
    wechat.save()
    return done
  }

  function pushConsent(infoType: string, authorisation: Authorisation, code: string): Promise<ComponentPush> {
    return push({
      InfoType: infoType,
      AuthorizerAppid: authorisation.appId,
      AuthorizationCode: code,
      AuthorizationCodeExpiredTime: Math.floor(component.codeExpiresAt(code) / 1000),
      PreAuthCode: authorisation.preAuthCode,
    })
  }

  function requireAuthorisation(accountAppId: string): Authorisation {
    const found = component.authorisations.get(accountAppId)
    if (!found) throw new Error(`${accountAppId} has not authorised ${appId}`)
    return found
  }

  return {
    appId,
    pushedTickets: log.tickets,
    pushes: log.pushes,
    push,
    tokenRequests: component.requestCounts,
    async pushTicket(options) {
      const ticket = component.newTicket(now())
      const done = await push({ InfoType: 'component_verify_ticket', ComponentVerifyTicket: ticket }, options)
      log.tickets.push({ ...done, ticket })
      return done
    },
    envelope: (fields, timestamp = Math.floor(now() / 1000)) =>
      envelope(targetOf(component), fields, timestamp),
    rotateKey(newAesKey) {
      component.aesKey = newAesKey
    },
    expireTicket: () => component.expireTickets(),
    expireComponentToken: () => component.tokens.expire(),
    expireAuthoriserTokens: (accountAppId) => requireAuthorisation(accountAppId).tokens.expire(),
    setIpWhitelisted(whitelisted) {
      component.ipWhitelisted = whitelisted
    },
    async authorise(preAuthCode, accountAppId, { funcs = ALL_FUNCS } = {}) {
      if (!component.isValidPreAuthCode(preAuthCode, now()))
        throw new Error('this pre-auth code is unknown or over')
      wechat.account(accountAppId)
      component.spendPreAuthCode(preAuthCode)
      const change = component.authorise(accountAppId, funcs, preAuthCode, now())
      const authCode = component.newCode(accountAppId, now())
      const pushed = component.options.separateCodes ? component.newCode(accountAppId, now()) : authCode
      wechat.save()
      const sent = change ? await pushConsent(change, requireAuthorisation(accountAppId), pushed) : null
      return { authCode, expiresIn: 600, push: sent }
    },
    async revoke(accountAppId) {
      requireAuthorisation(accountAppId)
      component.revoke(accountAppId)
      return push({ InfoType: 'unauthorized', AuthorizerAppid: accountAppId })
    },
    async updateAuthorisation(accountAppId, funcIds) {
      const authorisation = requireAuthorisation(accountAppId)
      if (!component.changeFuncs(authorisation, funcIds)) return null
      return pushConsent('updateauthorized', authorisation, component.newCode(accountAppId, now()))
    },
    loseRefreshToken(accountAppId) {
      requireAuthorisation(accountAppId).refreshToken = null
    },
    invalidateRefreshToken: (accountAppId) =>
      component.replaceRefreshToken(requireAuthorisation(accountAppId)),
    rotateRefreshTokens(on) {
      component.options.rotatesRefreshTokens = on
    },
    authorisation: (accountAppId) => component.authorisations.get(accountAppId),
    async runReleaseTest(group) {
      const ticket = await this.pushTicket()
      return runReleaseTest(wechat, component, group, ticket)
    },
  }
}
