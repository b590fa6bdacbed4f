import type { PlatformConfig } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import type { AccountStore } from '../store/accounts/account-store.ts'
import type { PlatformEvent, PlatformStore } from '../store/accounts/platform-store.ts'
import { allowsMessages } from '../wechat/rules/permissions.ts'
import type { ComponentCalls } from './component-calls.ts'
import { PlatformError } from './platform-error.ts'

const BATCH_SIZE = 50
/** After so many attempts the error is recorded as the outcome of the event. */
const MAX_ATTEMPTS = 20
/** WeChat's errcodes for an authorisation code that is invalid, expired or used. A retry cannot succeed. */
const REFUSED_CODES: ReadonlySet<number | null> = new Set([61009, 61010, 61011, 61020, 40029])
const NO_MESSAGES =
  'The owner did not grant 消息管理 (message management), so no messages may be sent. Authorise again with it ticked.'

interface PlatformEventsDeps {
  config: Pick<PlatformConfig, 'apiBase'>
  store: PlatformStore
  accounts: AccountStore
  calls: ComponentCalls
  now(): number
  /** Converts a time of this machine's clock to WeChat's clock, epoch ms. */
  toPlatformTime(at: number): number
  log: Log
  /** Reloads the accounts. The changes are live in this process when it resolves. */
  reloadAccounts(): Promise<void>
  /** Called when the account may send again: waiting sends are retried. */
  resumeSends(appId: string): void
  /** Ends every run of the account as `account-stopped`. Rejects while Temporal is unavailable. */
  stopRuns(appId: string, reason: string): Promise<void>
}

/** The outcome of a platform event. */
type EventOutcome = Omit<Parameters<PlatformStore['markDone']>[1], 'at'>

/** Authorisations and revocations. They are stored when they arrive, then processed one after the other. */
export class PlatformEvents {
  readonly #deps: PlatformEventsDeps
  #processing: Promise<void> = Promise.resolve()

  constructor(deps: PlatformEventsDeps) {
    this.#deps = deps
  }

  /** Stores an event durably. An event whose key is stored already is ignored. */
  accept(
    event: Pick<PlatformEvent, 'kind' | 'appId' | 'code' | 'createTime'> & { dedupeKey: string },
  ): Promise<void> {
    return this.#deps.store.accept({ ...event, receivedAt: this.#deps.now() })
  }

  /**
   * Processes the stored events that are not done, one after the other.
   * @param ageMs only events that have waited for at least this long
   */
  process(ageMs = 0): Promise<void> {
    const run = this.#processing.then(() => this.#processPending(ageMs))
    this.#processing = run.catch(() => {})
    return run
  }

  async #processPending(ageMs: number): Promise<void> {
    const { store, now } = this.#deps
    for (const event of await store.pending(BATCH_SIZE, now() - ageMs)) await this.#processEvent(event)
  }

  async #processEvent(event: PlatformEvent): Promise<void> {
    const { store, log, now } = this.#deps
    try {
      await store.markDone(event.id, { at: now(), ...(await this.#apply(event)) })
    } catch (err) {
      const problem = err instanceof Error ? err.message : String(err)
      const isFinal = err instanceof PlatformError && REFUSED_CODES.has(err.errcode)
      log.warn({ problem, kind: event.kind }, 'platform event could not be processed')
      if (isFinal || event.attempts >= MAX_ATTEMPTS)
        await store.markDone(event.id, { at: now(), appId: event.appId, error: problem })
      else await store.recordError(event.id, problem)
    }
  }

  #apply(event: PlatformEvent): Promise<EventOutcome> | EventOutcome {
    if (event.kind === 'authorised' && event.code !== null) return this.#authorise(event, event.code)
    if (event.appId) return this.#revoke(event, event.appId)
    return { appId: null, error: 'nothing to do' }
  }

  /**
   * Exchanges a code for its account. A code from the owner's browser is always the newest authorisation, because WeChat has just
   * accepted it. A push is ordered by its `CreateTime`, and changes nothing when a newer event is known.
   * @throws PlatformError
   */
  async #authorise(event: PlatformEvent, code: string): Promise<EventOutcome> {
    const { store, accounts, config, log } = this.#deps
    if (await this.#isOutdated(event)) return this.#skipOutdated(event, event.appId)
    const authorised = await this.#queryAccount(code)
    const { appId } = authorised
    const maySend = allowsMessages(authorised.permissions)
    const pushedAt = await store.createTimeOf(event.id)
    const authorisedAt = pushedAt ?? this.#inWholeSeconds(event.receivedAt)
    const isChanged = await accounts.authorise({
      ...authorised,
      apiBase: config.apiBase,
      state: maySend ? 'active' : 'needs-authorisation',
      stateReason: maySend ? null : NO_MESSAGES,
      authorisedAt,
      isNewest: pushedAt === null,
    })
    if (!isChanged) return this.#skipOutdated(event, appId)
    log.info({ appId, maySend }, 'account authorised')
    await this.#deps.reloadAccounts()
    if (maySend) this.#deps.resumeSends(appId)
    return { appId, error: null, createTime: authorisedAt }
  }

  /** Queries the account of a code at WeChat. @throws PlatformError */
  async #queryAccount(code: string) {
    const { calls } = this.#deps
    const {
      authorizer_appid: appId,
      authorizer_refresh_token: refreshToken,
      func_info,
    } = await calls.queryAuth(code)
    if (!refreshToken) throw new PlatformError(`the owner of ${appId} granted no API permission`, null)
    const answer = await calls.withToken((token) => calls.client.authoriserInfo(token, appId))
    const info = answer.kind === 'answered' ? answer.data?.authorizer_info : undefined
    const certification = info?.verify_type_info?.id
    return {
      appId,
      refreshToken,
      name: info?.nick_name || appId,
      permissions: (func_info ?? []).map((f) => f.funcscope_category.id),
      verified: certification === undefined ? null : certification !== -1,
    }
  }

  async #revoke(event: PlatformEvent, appId: string): Promise<EventOutcome> {
    const { accounts, log } = this.#deps
    // An account that is registered with its own secret does not depend on the platform.
    if ((await accounts.find(appId))?.kind === 'owned') return { appId, error: null }
    const revokedAt = event.createTime ?? this.#inWholeSeconds(event.receivedAt)
    const reason = 'The owner revoked the authorisation (unauthorized).'
    if (!(await accounts.revokeAuthorisation(appId, revokedAt, reason)))
      return this.#skipOutdated(event, appId)
    await this.#deps.reloadAccounts()
    await this.#deps.stopRuns(appId, 'authorisation revoked')
    log.warn({ appId }, 'authorisation revoked')
    return { appId, error: null }
  }

  /** True for a push that is older than the known state of its account. Its code need not be exchanged. */
  async #isOutdated({ appId, createTime }: PlatformEvent): Promise<boolean> {
    const { accounts, store } = this.#deps
    if (appId === null || createTime === null) return false
    const [account, revokedAt] = await Promise.all([accounts.find(appId), store.lastRevocation(appId)])
    return Math.max(account?.authorisationAt ?? 0, revokedAt ?? 0) > createTime
  }

  /** WeChat repeats a push until it is answered, so an old event may arrive after a newer one. */
  #skipOutdated({ kind, createTime }: PlatformEvent, appId: string | null): EventOutcome {
    this.#deps.log.info({ appId, kind, createTime }, 'platform event skipped: a newer one is known')
    return { appId, error: 'skipped: a newer event is known' }
  }

  /** Converts a time of this machine's clock to WeChat's clock in whole seconds, as `CreateTime` has them. */
  #inWholeSeconds(at: number): number {
    return Math.floor(this.#deps.toPlatformTime(at) / 1000) * 1000
  }
}
