import type { AccessToken, WechatAnswer } from './client.ts'

/**
 * An access token, or why there is none. `errcode`: WeChat's, or null when it gave none. `malformed`: WeChat's answer
 * contains no token.
 */
export type TokenAnswer = { ok: true; accessToken: string } | NoToken
export interface NoToken {
  ok: false
  errcode: number | null
  reason: string
  malformed?: true
}

/** How another token is fetched after WeChat refused one. `force` makes WeChat issue a new one. */
export type RefreshMode = 'normal' | 'force'

interface StoredToken {
  accessToken: string
  /** Epoch ms. */
  expiresAt: number
  forcedAt: number | null
  /** The day (Beijing time) of the last forced refresh. */
  forcedDay: string | null
  /** The forced refreshes of that day. */
  forcedCount: number
}

/** Stored tokens, shared by all processes. Each call is one statement, and no lock is held during a request. */
export interface TokenStore {
  read(appId: string): Promise<StoredToken | null>
  /** Claims the lease. True for one caller at a time, until it releases the lease or `until` (epoch ms) has passed. */
  claim(appId: string, ownerId: string, now: number, until: number): Promise<boolean>
  save(appId: string, ownerId: string, token: StoredToken): Promise<void>
  release(appId: string, ownerId: string): Promise<void>
}

export interface TokenProvider {
  /**
   * The token that this process has read or fetched within the last five minutes and that stays valid for five more; null
   * when there is none. It makes no call. Another process may have replaced the token: WeChat then refuses it.
   */
  currentToken(appId: string): string | null
  /** Returns a token that is valid for at least five more minutes. Concurrent callers share one fetch. */
  getToken(appId: string): Promise<TokenAnswer>
  /**
   * Returns another token after WeChat refused `refusedToken`. `force` is allowed every 30 s and 20 times a day for an
   * account. Concurrent callers with the same refused token share one fetch.
   */
  afterRefusal(appId: string, refusedToken: string, mode: RefreshMode): Promise<TokenAnswer>
}

/** A token is replaced this long before it expires, because WeChat then already issues the next one. */
const AHEAD_MS = 5 * 60_000
/** Longer than the longest call. */
const LEASE_MS = 15_000
/** How long `currentToken` relies on what this process read. */
const KNOWN_FOR_MS = 5 * 60_000
const FORCE_EVERY_MS = 30_000
/** The clocks of two processes may differ by this much. */
const SKEW_MS = 60_000
const FORCE_A_DAY = 20
const POLL_MS = 100
const NO_REASON = 'no reason given'

type Forced = Pick<StoredToken, 'forcedAt' | 'forcedDay' | 'forcedCount'>

/** Which stored token a caller accepts, and whether WeChat must issue a new one. */
interface TokenCriteria {
  usable(token: StoredToken): boolean
  force: boolean
}

export interface TokenProviderDeps {
  store: TokenStore
  /** Calls `stable_token` with the account's secret. */
  fetchToken(appId: string, forceRefresh: boolean): Promise<WechatAnswer<AccessToken>>
  /** Names this process in leases. */
  ownerId: string
  now(): number
  dayOf(at: number): string
  count?(result: 'ok' | 'refused' | 'failed'): void
}

/** Provides access tokens from the shared store. Each account has one refresh at a time, in all processes. */
export function createTokenProvider(deps: TokenProviderDeps): TokenProvider {
  return new StoredTokenProvider(deps)
}

class StoredTokenProvider implements TokenProvider {
  readonly #deps: TokenProviderDeps
  readonly #pending = new Map<string, Promise<TokenAnswer>>()
  /** The tokens that this process last read or fetched. */
  readonly #known = new Map<string, { token: StoredToken; readAt: number }>()

  constructor(deps: TokenProviderDeps) {
    this.#deps = deps
  }

  currentToken(appId: string): string | null {
    const known = this.#known.get(appId)
    const now = this.#deps.now()
    if (!known || now - known.readAt > KNOWN_FOR_MS || known.token.expiresAt - now <= AHEAD_MS) return null
    return known.token.accessToken
  }

  getToken(appId: string): Promise<TokenAnswer> {
    const usable = (token: StoredToken) => token.expiresAt - this.#deps.now() > AHEAD_MS
    return this.#coalesce(`${appId} get`, () => this.#getOrRefresh(appId, { usable, force: false }))
  }

  afterRefusal(appId: string, refusedToken: string, mode: RefreshMode): Promise<TokenAnswer> {
    // `normal` fetches once, even if WeChat returns the same token. WeChat's next answer decides what follows.
    const usable = (token: StoredToken) => token.accessToken !== refusedToken
    return this.#coalesce(`${appId} ${mode} ${refusedToken}`, () =>
      this.#getOrRefresh(appId, { usable, force: mode === 'force' }),
    )
  }

  /** Callers in this process share one promise for the same request. */
  #coalesce(key: string, work: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const known = this.#pending.get(key)
    if (known) return known
    const promise = work().finally(() => this.#pending.delete(key))
    this.#pending.set(key, promise)
    return promise
  }

  async #read(appId: string): Promise<StoredToken | null> {
    const token = await this.#deps.store.read(appId)
    if (token) this.#known.set(appId, { token, readAt: this.#deps.now() })
    else this.#known.delete(appId)
    return token
  }

  /** Returns the stored token when it is usable. Otherwise this process or another one fetches a token. */
  async #getOrRefresh(appId: string, criteria: TokenCriteria): Promise<TokenAnswer> {
    const { store, ownerId, now } = this.#deps
    for (;;) {
      const stored = this.#answerFromStore(await this.#read(appId), criteria)
      if (stored) return stored
      if (await store.claim(appId, ownerId, now(), now() + LEASE_MS)) return this.#refresh(appId, criteria)
      // Another process refreshes. Its lease ends within seconds in any case.
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  /** Fetches a token under this process's lease, and then releases the lease. */
  async #refresh(appId: string, criteria: TokenCriteria): Promise<TokenAnswer> {
    const { store, ownerId } = this.#deps
    try {
      // Another process may have refreshed between the first read and the lease.
      const before = await this.#read(appId)
      const stored = this.#answerFromStore(before, criteria)
      if (stored) return stored
      const answer = await this.#deps.fetchToken(appId, criteria.force)
      // WeChat counts every forced refresh that it receives, also when it refuses it or its answer is lost.
      const forced = criteria.force && answer.kind !== 'failed' ? this.#countForced(before) : forcedOf(before)
      if (answer.kind !== 'answered' || answer.errcode !== 0 || !answer.data?.access_token) {
        if (before && criteria.force) await store.save(appId, ownerId, { ...before, ...forced })
        return this.#noToken(answer)
      }
      const { access_token: accessToken, expires_in } = answer.data
      const expiresAt = this.#deps.now() + expires_in * 1000
      const token = { accessToken, expiresAt, ...forced }
      await store.save(appId, ownerId, token)
      this.#known.set(appId, { token, readAt: this.#deps.now() })
      this.#deps.count?.('ok')
      return { ok: true, accessToken }
    } finally {
      await store.release(appId, ownerId)
    }
  }

  /** The answer that needs no call: a usable stored token, or a forced refresh that is not allowed yet. Otherwise null. */
  #answerFromStore(stored: StoredToken | null, { usable, force }: TokenCriteria): TokenAnswer | null {
    if (stored && usable(stored)) return { ok: true, accessToken: stored.accessToken }
    if (force && stored && !this.#mayForce(stored))
      return { ok: false, errcode: null, reason: 'a forced refresh is not allowed again yet' }
    return null
  }

  #noToken(answer: WechatAnswer<AccessToken>): NoToken {
    const isRefused = answer.kind === 'answered' && answer.errcode !== 0
    this.#deps.count?.(isRefused ? 'refused' : 'failed')
    if (answer.kind === 'answered') {
      return isRefused
        ? { ok: false, errcode: answer.errcode, reason: answer.errmsg || NO_REASON }
        : { ok: false, errcode: null, reason: 'no token in the answer' }
    }
    const failure = { ok: false, errcode: null, reason: answer.reason || NO_REASON } as const
    return answer.kind === 'malformed' ? { ...failure, malformed: true } : failure
  }

  #countForced(before: StoredToken | null): Forced {
    const { now, dayOf } = this.#deps
    const forcedDay = dayOf(now())
    const today = before?.forcedDay === forcedDay ? before.forcedCount : 0
    return { forcedAt: now(), forcedDay, forcedCount: today + 1 }
  }

  #mayForce(stored: StoredToken): boolean {
    const { now, dayOf } = this.#deps
    const sinceMs = stored.forcedAt === null ? null : now() - stored.forcedAt
    // A time far in the future was written by a clock that was ahead, so it is ignored.
    if (sinceMs !== null && sinceMs > -SKEW_MS && sinceMs < FORCE_EVERY_MS) return false
    return stored.forcedDay !== dayOf(now()) || stored.forcedCount < FORCE_A_DAY
  }
}

function forcedOf(token: StoredToken | null): Forced {
  const { forcedAt = null, forcedDay = null, forcedCount = 0 } = token ?? {}
  return { forcedAt, forcedDay, forcedCount }
}

/** A token store in memory, for tests and tools. */
export function createMemoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>()
  const leases = new Map<string, { ownerId: string; until: number }>()
  return {
    read: async (appId) => tokens.get(appId) ?? null,
    async claim(appId, ownerId, now, until) {
      const lease = leases.get(appId)
      if (lease && lease.until > now) return false
      leases.set(appId, { ownerId, until })
      return true
    },
    async save(appId, ownerId, token) {
      if (leases.get(appId)?.ownerId === ownerId) tokens.set(appId, token)
    },
    async release(appId, ownerId) {
      if (leases.get(appId)?.ownerId === ownerId) leases.delete(appId)
    },
  }
}
