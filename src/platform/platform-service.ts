import { createHash } from 'node:crypto'
import { createSignedTokens } from '../auth/secrets/signed-token.ts'
import type { PlatformConfig } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import type { Account, AccountStore } from '../store/accounts/account-store.ts'
import type { PlatformEvent, PlatformStore } from '../store/accounts/platform-store.ts'
import type { AccessToken, WechatAnswer } from '../wechat/api/client.ts'
import type { AuthorisationInfo, ComponentClient } from '../wechat/api/component-client.ts'
import type { TokenAnswer, TokenProvider } from '../wechat/api/tokens.ts'
import { classOf } from '../wechat/rules/errcodes.ts'
import { allowsMessages } from '../wechat/rules/permissions.ts'

/** Tickets are pushed every ten minutes and live twelve hours (api_component_verify_ticket). */
const TICKET_LIFETIME_MS = 12 * 3_600_000
const REFRESH_TOKEN_INVALID = 61023
const LIST_PAGE_SIZE = 500
/** A code that WeChat refuses for good: used, expired or made up. */
const MAX_ATTEMPTS = 20

/** A call that WeChat did not answer as hoped; the message is for the log and the page. */
export class PlatformError extends Error {
  override name = 'PlatformError'
  readonly errcode: number | null
  /** WeChat answered, but not as it documents. */
  readonly malformed: boolean
  constructor(message: string, errcode: number | null, malformed = false) {
    super(message)
    this.errcode = errcode
    this.malformed = malformed
  }
}

export interface PlatformDeps {
  config: PlatformConfig
  store: PlatformStore
  accounts: AccountStore
  client: ComponentClient
  tokens: TokenProvider
  /** Where WeChat's authorisation pages are, when not at WeChat. */
  wechatPages: string | null
  now(): number
  /** A time of ours, epoch ms, by WeChat's clock. */
  toPlatformTime(at: number): number
  log: Log
  /** Accounts changed: live in this process when it resolves. */
  reloadAccounts(): Promise<void>
  /** The account is served (again): what waits may go. */
  resumeSends(appId: string): void
  /** Ends every run of the account as `account-stopped`; fails while Temporal is away. */
  stopRuns(appId: string, reason: string): Promise<void>
}

export type PlatformService = ReturnType<typeof createPlatformService>

/** The third-party platform's dealings with WeChat: tickets, tokens, authorisations. One for each process. */
export function createPlatformService(deps: PlatformDeps) {
  const { config, store, accounts, client, tokens, now, log } = deps
  // A simulated WeChat has its API and its pages at one address.
  const pages = deps.wechatPages
    ? { pc: deps.wechatPages, phone: deps.wechatPages }
    : { pc: 'https://mp.weixin.qq.com', phone: 'https://open.weixin.qq.com' }

  const signedStates = createSignedTokens(config.appSecret, 'authorisation visit')

  /**
   * One call with the component token; with a new one where WeChat does not take it any more.
   * @throws PlatformError when there is no token
   */
  async function withComponentToken<T>(
    call: (token: string) => Promise<WechatAnswer<T>>,
  ): Promise<WechatAnswer<T>> {
    const token = requireToken(await tokens.getToken(config.appId))
    const answer = await call(token)
    if (answer.kind !== 'answered' || classOf(answer.errcode, 'platform') !== 'token') return answer
    log.warn({ errcode: answer.errcode }, 'component token refused')
    return call(requireToken(await tokens.afterRefusal(config.appId, token, 'normal')))
  }

  /** For the token keeper: a component token out of the last ticket. */
  async function fetchComponentToken(): Promise<WechatAnswer<AccessToken>> {
    const known = await store.readTicket(config.appId)
    if (!known || now() - known.receivedAt > TICKET_LIFETIME_MS) {
      await client.startPushTicket()
      return {
        kind: 'failed',
        reason:
          'no component_verify_ticket yet: WeChat pushes one every ten minutes to …/wechat/component (授权事件接收URL)',
      }
    }
    return client.componentToken(known.ticket)
  }

  /** For the token keeper: an authorised account's access token. The refresh token that comes with it is kept. */
  async function fetchAuthoriserToken(account: Account): Promise<WechatAnswer<AccessToken>> {
    const { appId } = account
    try {
      const refreshToken = account.refreshToken ?? (await recoverRefreshToken(appId))
      if (!refreshToken) return requireAuthorisation(account, 'there is no refresh token of this account')
      const answer = await exchange(account, refreshToken)
      if (answer.kind !== 'answered' || answer.errcode !== REFRESH_TOKEN_INVALID) return answer
      const other = await recoverRefreshToken(appId)
      if (!other || other === refreshToken)
        return requireAuthorisation(account, 'WeChat refuses the refresh token (61023)')
      return await exchange(account, other)
    } catch (err) {
      if (!(err instanceof PlatformError)) throw err
      return { kind: err.malformed ? 'malformed' : 'failed', reason: err.message }
    }
  }

  async function exchange(account: Account, refreshToken: string): Promise<WechatAnswer<AccessToken>> {
    const answer = await withComponentToken((token) =>
      client.authoriserToken(token, account.appId, refreshToken),
    )
    if (answer.kind !== 'answered') return answer
    if (!answer.data) return { ...answer, data: null }
    const { authorizer_access_token: access_token, authorizer_refresh_token, expires_in } = answer.data
    if (authorizer_refresh_token) await accounts.saveRefreshToken(account, authorizer_refresh_token)
    return { ...answer, data: { access_token, expires_in } }
  }

  /** The refresh token as WeChat has it: ours may be lost. */
  async function recoverRefreshToken(appId: string): Promise<string | null> {
    for (let offset = 0; ; offset += LIST_PAGE_SIZE) {
      const answer = await withComponentToken((token) => client.authoriserList(token, offset, LIST_PAGE_SIZE))
      if (answer.kind !== 'answered' || !answer.data) return null
      const { list, total_count } = answer.data
      const found = list.find((a) => a.authorizer_appid === appId)
      if (found) return found.refresh_token
      if (list.length === 0 || offset + list.length >= total_count) return null
    }
  }

  /** One state change, one line in the log; sends wait from now on, without a call each. */
  async function requireAuthorisation(account: Account, reason: string): Promise<WechatAnswer<AccessToken>> {
    const remedy = 'The owner must authorise again: /wechat/component/authorize'
    await accounts.recordRefusedAuthorisation(account, `${reason}. ${remedy}`)
    log.error({ appId: account.appId, why: reason }, 'account needs authorisation')
    return { kind: 'answered', errcode: REFRESH_TOKEN_INVALID, errmsg: reason, rid: null, data: null }
  }

  /** @throws PlatformError */
  async function queryAuth(code: string): Promise<AuthorisationInfo> {
    const answer = await withComponentToken((token) => client.queryAuth(token, code))
    return requireData(answer, 'api_query_auth').authorization_info
  }

  /**
   * Exchanges a code for the account behind it. What the owner's browser brings is the newest by itself: WeChat has just
   * exchanged its code. A push is judged by its `CreateTime`, and changes nothing when something newer is known.
   * @throws PlatformError
   */
  async function handleAuthorised(event: PlatformEvent, code: string): Promise<EventOutcome> {
    if (await isOutdatedPush(event)) return skipOutdated(event, event.appId)
    const authorisation = await queryAuth(code)
    const { authorizer_appid: appId, authorizer_refresh_token: refreshToken } = authorisation
    if (!refreshToken) throw new PlatformError(`${appId} gave no right to call the API`, null)
    const info = await withComponentToken((token) => client.authoriserInfo(token, appId))
    const name = (info.kind === 'answered' && info.data?.authorizer_info.nick_name) || appId
    const permissions = permissionIds(authorisation)
    const certification =
      info.kind === 'answered' ? info.data?.authorizer_info.verify_type_info?.id : undefined
    const verified = certification === undefined ? null : certification !== -1
    const maySend = allowsMessages(permissions)
    const known = await store.createTimeOf(event.id)
    const authorisedAt = known ?? floorToSecond(deps.toPlatformTime(event.receivedAt))
    const changed = await accounts.authorise({
      ...{ appId, name, refreshToken, permissions, verified, apiBase: config.apiBase },
      state: maySend ? 'active' : 'needs-authorisation',
      stateReason: maySend
        ? null
        : 'The owner did not give 消息管理 (message management): no messages may be sent. Authorise again with it ticked.',
      authorisedAt,
      isNewest: known === null,
    })
    if (!changed) return skipOutdated(event, appId)
    log.info({ appId, maySend }, 'account authorised')
    await deps.reloadAccounts()
    if (maySend) deps.resumeSends(appId)
    return { appId, error: null, createTime: authorisedAt }
  }

  /** Known before the code is exchanged, which would be for nothing. */
  async function isOutdatedPush({ appId, createTime }: PlatformEvent): Promise<boolean> {
    if (appId === null || createTime === null) return false
    const [account, revokedAt] = await Promise.all([accounts.find(appId), store.lastRevocation(appId)])
    return Math.max(account?.authorisationAt ?? 0, revokedAt ?? 0) > createTime
  }

  async function handleRevoked(event: PlatformEvent, appId: string): Promise<EventOutcome> {
    // One that has its own secret here is not the platform's to end, whoever pushes.
    if ((await accounts.find(appId))?.kind === 'owned') return { appId, error: null }
    const revokedAt = event.createTime ?? floorToSecond(deps.toPlatformTime(event.receivedAt))
    const reason = 'The owner took the authorisation back (unauthorized).'
    if (!(await accounts.revokeAuthorisation(appId, revokedAt, reason))) return skipOutdated(event, appId)
    await deps.reloadAccounts()
    await deps.stopRuns(appId, 'authorisation taken back')
    log.warn({ appId }, 'authorisation taken back')
    return { appId, error: null }
  }

  /** WeChat pushes an event again until it is answered, so an old one may come after what followed it. */
  function skipOutdated({ kind, createTime }: PlatformEvent, appId: string | null): EventOutcome {
    log.info({ appId, kind, createTime }, 'platform event is older than what is known: nothing is changed')
    return { appId, error: 'older than what is known' }
  }

  async function processEvent(event: PlatformEvent): Promise<void> {
    const done = (outcome: EventOutcome) => store.markDone(event.id, { at: now(), ...outcome })
    try {
      if (event.kind === 'authorised' && event.code !== null)
        await done(await handleAuthorised(event, event.code))
      else if (event.appId) await done(await handleRevoked(event, event.appId))
      else await done({ appId: null, error: 'nothing to do' })
    } catch (err) {
      const trouble = err instanceof Error ? err.message : String(err)
      const final = err instanceof PlatformError && err.errcode !== null && isCodeRefused(err.errcode)
      log.warn({ trouble, kind: event.kind }, 'platform event not done')
      if (final || event.attempts >= MAX_ATTEMPTS) await done({ appId: event.appId, error: trouble })
      else await store.recordError(event.id, trouble)
    }
  }

  let processing: Promise<void> = Promise.resolve()
  /** Does what was accepted and is not done, one after the other; `ageMs`: only what has waited for that long. */
  function processEvents(ageMs = 0): Promise<void> {
    processing = processing.then(async () => {
      for (const event of await store.pending(50, now() - ageMs)) await processEvent(event)
    })
    const run = processing
    processing = processing.catch(() => {})
    return run
  }

  return {
    config,
    fetchComponentToken,
    fetchAuthoriserToken,
    processEvents,
    /** `createTime` of its push, epoch ms. */
    saveTicket: (ticket: string, createTime: number) =>
      store.saveTicket(config.appId, ticket, {
        createTime,
        receivedAt: now(),
        lifetimeMs: TICKET_LIFETIME_MS,
      }),
    acceptEvent: (event: Pick<PlatformEvent, 'kind' | 'appId' | 'code' | 'createTime'> & { key: string }) =>
      store.accept({ ...event, receivedAt: now() }),
    readOutcome: store.outcome,
    /** An account's callback is the platform's: its token, its keys, its id at the end of ciphertexts. */
    asCallbackAccount<A extends { appId: string }>(account: A) {
      const { appId: trailingId, token, aesKey: encodingAesKey, previousAesKey } = config
      // Nothing of what the account had when it was served by its own keys opens anything here.
      const keys = { token, previousToken: null, encodingAesKey, previousAesKey }
      return { ...account, mode: 'security' as const, ...keys, trailingId }
    },
    /** Where to send an owner: WeChat's page for a computer, or for a phone. @throws PlatformError */
    async startAuthorisation(device: 'pc' | 'phone'): Promise<string> {
      const answer = await withComponentToken((token) => client.preAuthCode(token))
      const { pre_auth_code, expires_in } = requireData(answer, 'api_create_preauthcode')
      const state = signedStates.issue()
      await store.savePendingAuthorisation(state, now(), now() + expires_in * 1000)
      const query = new URLSearchParams({
        component_appid: config.appId,
        pre_auth_code,
        redirect_uri: `${config.publicUrl}/wechat/component/authorized?state=${state}`,
        auth_type: '1',
      })
      return device === 'pc'
        ? `${pages.pc}/cgi-bin/componentloginpage?${query}`
        : `${pages.phone}/wxaopen/safe/bindcomponent?action=bindcomponent&no_scan=1&${query}#wechat_redirect`
    },
    /** Whether the state is of a visit that this platform began; costs no look into the store. */
    isOwnState: signedStates.isGenuine,
    /** Uses the visit for this code. @returns false when it is over, or was used for another code */
    redeemState: (state: string, code: string) =>
      store.redeemPendingAuthorisation(state, authorisationKey(code), now()),
    /** For the release test: the code's own access token, used once and kept nowhere. @throws PlatformError */
    async accessTokenForCode(code: string): Promise<string> {
      const authorisation = await queryAuth(code)
      if (!authorisation.authorizer_access_token)
        throw new PlatformError('the code gave no access token', null)
      return authorisation.authorizer_access_token
    },
  }
}

/** What became of a platform's event. */
type EventOutcome = { appId: string | null; error: string | null; createTime?: number }

/** `CreateTime` knows no less than a second. */
function floorToSecond(at: number): number {
  return Math.floor(at / 1000) * 1000
}

/** @throws PlatformError */
function requireToken(token: TokenAnswer): string {
  if (!token.ok)
    throw new PlatformError(`no component token: ${token.reason}`, token.errcode, token.malformed)
  return token.accessToken
}

/** Names an authorisation by its code, without keeping the code. */
export function authorisationKey(code: string): string {
  return `code-${createHash('sha256').update(code).digest('base64url').slice(0, 32)}`
}

function permissionIds(authorisation: AuthorisationInfo): number[] {
  return (authorisation.func_info ?? []).map((f) => f.funcscope_category.id)
}

/** WeChat's answers to a code that will never be good: invalid, expired, used. */
function isCodeRefused(errcode: number): boolean {
  return [61009, 61010, 61011, 61020, 40029].includes(errcode)
}

/** @throws PlatformError */
function requireData<T>(answer: WechatAnswer<T>, call: string): T {
  if (answer.kind !== 'answered')
    throw new PlatformError(`${call}: ${answer.reason}`, null, answer.kind === 'malformed')
  if (!answer.data) throw new PlatformError(`${call}: ${answer.errcode} ${answer.errmsg}`, answer.errcode)
  return answer.data
}
