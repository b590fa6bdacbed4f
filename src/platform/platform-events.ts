import type { PlatformConfig } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import type { AccountStore } from '../store/accounts/account-store.ts'
import type { PlatformEvent, PlatformStore } from '../store/accounts/platform-store.ts'
import { allowsMessages } from '../wechat/rules/permissions.ts'
import type { ComponentCalls } from './component-calls.ts'
import { PlatformError } from './platform-error.ts'

const BATCH_SIZE = 50
/** An event that failed so often is given up. */
const MAX_ATTEMPTS = 20
/** WeChat's answers to a code that will never be good: invalid, expired, used. */
const REFUSED_CODES: ReadonlySet<number | null> = new Set([61009, 61010, 61011, 61020, 40029])
const NO_MESSAGES =
  'The owner did not give 消息管理 (message management): no messages may be sent. Authorise again with it ticked.'

interface PlatformEventsDeps {
  config: Pick<PlatformConfig, 'apiBase'>
  store: PlatformStore
  accounts: AccountStore
  calls: ComponentCalls
  now(): number
  /** A time of ours, epoch ms, by WeChat's clock. */
  toPlatformTime(at: number): number
  log: Log
  /** Accounts changed: live in this process when it resolves. */
  reloadAccounts(): Promise<void>
  /** The account is served (again): what waits may go. */
  resumeSends(appId: string): void
  /** Ends every run of the account as `account-stopped`; fails while Temporal is unavailable. */
  stopRuns(appId: string, reason: string): Promise<void>
}

/** What became of a platform's event. */
type EventOutcome = Omit<Parameters<PlatformStore['markDone']>[1], 'at'>

/** Authorisations and revocations: stored when they come, then carried out one after the other. */
export class PlatformEvents {
  readonly #deps: PlatformEventsDeps
  #processing: Promise<void> = Promise.resolve()

  constructor(deps: PlatformEventsDeps) {
    this.#deps = deps
  }

  /** Stores an event durably, once for each key. */
  accept(
    event: Pick<PlatformEvent, 'kind' | 'appId' | 'code' | 'createTime'> & { dedupeKey: string },
  ): Promise<void> {
    return this.#deps.store.accept({ ...event, receivedAt: this.#deps.now() })
  }

  /** Carries out what is stored and not done, one event after the other. `ageMs`: only what has waited for that long. */
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
      await store.markDone(event.id, { at: now(), ...(await this.#carryOut(event)) })
    } catch (err) {
      const problem = err instanceof Error ? err.message : String(err)
      const isFinal = err instanceof PlatformError && REFUSED_CODES.has(err.errcode)
      log.warn({ problem, kind: event.kind }, 'platform event not done')
      if (isFinal || event.attempts >= MAX_ATTEMPTS)
        await store.markDone(event.id, { at: now(), appId: event.appId, error: problem })
      else await store.recordError(event.id, problem)
    }
  }

  #carryOut(event: PlatformEvent): Promise<EventOutcome> | EventOutcome {
    if (event.kind === 'authorised' && event.code !== null) return this.#authorise(event, event.code)
    if (event.appId) return this.#revoke(event, event.appId)
    return { appId: null, error: 'nothing to do' }
  }

  /**
   * Exchanges a code for the account behind it. What the owner's browser brings is the newest by itself: WeChat has just
   * exchanged its code. A push is ordered by its `CreateTime`, and changes nothing when something newer is known.
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

  /** The account behind a code. @throws PlatformError */
  async #queryAccount(code: string) {
    const { calls } = this.#deps
    const {
      authorizer_appid: appId,
      authorizer_refresh_token: refreshToken,
      func_info,
    } = await calls.queryAuth(code)
    if (!refreshToken) throw new PlatformError(`${appId} gave no right to call the API`, null)
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
    // An account that has its own secret here is not the platform's to end, whoever pushes.
    if ((await accounts.find(appId))?.kind === 'owned') return { appId, error: null }
    const revokedAt = event.createTime ?? this.#inWholeSeconds(event.receivedAt)
    const reason = 'The owner took the authorisation back (unauthorized).'
    if (!(await accounts.revokeAuthorisation(appId, revokedAt, reason)))
      return this.#skipOutdated(event, appId)
    await this.#deps.reloadAccounts()
    await this.#deps.stopRuns(appId, 'authorisation taken back')
    log.warn({ appId }, 'authorisation taken back')
    return { appId, error: null }
  }

  /** Known before the code is exchanged, which would be for nothing. */
  async #isOutdated({ appId, createTime }: PlatformEvent): Promise<boolean> {
    const { accounts, store } = this.#deps
    if (appId === null || createTime === null) return false
    const [account, revokedAt] = await Promise.all([accounts.find(appId), store.lastRevocation(appId)])
    return Math.max(account?.authorisationAt ?? 0, revokedAt ?? 0) > createTime
  }

  /** WeChat pushes an event again until it is answered, so an old one may come after what followed it. */
  #skipOutdated({ kind, createTime }: PlatformEvent, appId: string | null): EventOutcome {
    this.#deps.log.info(
      { appId, kind, createTime },
      'platform event is older than what is known: nothing is changed',
    )
    return { appId, error: 'older than what is known' }
  }

  /** A time of ours as WeChat would state it: by its clock, in whole seconds like `CreateTime`. */
  #inWholeSeconds(at: number): number {
    return Math.floor(this.#deps.toPlatformTime(at) / 1000) * 1000
  }
}
