import type { AccessToken, WechatAnswer } from './client.ts'

/**
 * An access token, or why there is none: WeChat's errcode, or null when WeChat was not reached, or (`malformed`) answered
 * with what is no token.
 */
export type TokenAnswer = { ok: true; accessToken: string } | NoToken
export interface NoToken {
  ok: false
  errcode: number | null
  reason: string
  malformed?: true
}

/** How another token is fetched after WeChat refused one: asked for again, or issued anew by force. */
export type RefreshMode = 'normal' | 'force'

interface StoredToken {
  accessToken: string
  /** Epoch ms. */
  expiresAt: number
  forcedAt: number | null
  /** Forced refreshes of `forcedDay` (Beijing). */
  forcedDay: string | null
  forcedCount: number
}

/** Where tokens live, shared by all processes. Each call is one statement; nothing is held over the network. */
export interface TokenStore {
  read(appId: string): Promise<StoredToken | null>
  /** True for one caller at a time, until it releases, or `until` has passed. */
  claim(appId: string, ownerId: string, now: number, until: number): Promise<boolean>
  save(appId: string, ownerId: string, token: StoredToken): Promise<void>
  release(appId: string, ownerId: string): Promise<void>
}

export interface TokenProvider {
  /** A token that is valid for a while yet; fetched once for all who ask at the same time. */
  getToken(appId: string): Promise<TokenAnswer>
  /**
   * WeChat refused `refused`: `normal` fetches once more, `force` makes WeChat issue a new one (at most every 30 s and
   * 20 times a day for an account). Two hundred callers with the same refused token make one call.
   */
  afterRefusal(appId: string, refusedToken: string, mode: RefreshMode): Promise<TokenAnswer>
}

/** A token this near to its end is fetched anew; in its last five minutes WeChat issues the next one. */
const AHEAD_MS = 5 * 60_000
/** Longer than one call may take. */
const LEASE_MS = 15_000
const FORCE_EVERY_MS = 30_000
/** How far the clocks of two processes may be apart. */
const SKEW_MS = 60_000
const FORCE_A_DAY = 20
const POLL_MS = 100

type Forced = Pick<StoredToken, 'forcedAt' | 'forcedDay' | 'forcedCount'>

/** Which stored token will do for a caller, and whether WeChat shall be made to issue a new one. */
interface TokenCriteria {
  usable(token: StoredToken): boolean
  force: boolean
}

/** Keeps access tokens: one source of truth in the store, one refresh at a time for each account. */
export function createTokenProvider(deps: {
  store: TokenStore
  /** Calls `stable_token` with the account's secret. */
  fetchToken(appId: string, forceRefresh: boolean): Promise<WechatAnswer<AccessToken>>
  /** Names this process in leases. */
  ownerId: string
  now(): number
  dayOf(at: number): string
  count?(result: 'ok' | 'refused' | 'failed'): void
}): TokenProvider {
  const { store, ownerId: by, now } = deps
  const pending = new Map<string, Promise<TokenAnswer>>()

  /** Callers in this process share one promise for the same wish. */
  function coalesce(key: string, work: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const known = pending.get(key)
    if (known) return known
    const promise = work().finally(() => pending.delete(key))
    pending.set(key, promise)
    return promise
  }

  /** Takes the stored token when it will do; else this caller, or another process, fetches one. */
  async function getOrRefresh(appId: string, criteria: TokenCriteria): Promise<TokenAnswer> {
    for (;;) {
      const settled = answerFromStore(await store.read(appId), criteria)
      if (settled) return settled
      if (await store.claim(appId, by, now(), now() + LEASE_MS)) return refresh(appId, criteria)
      // Another process refreshes: its lease ends within seconds, whatever becomes of it.
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  async function refresh(appId: string, criteria: TokenCriteria): Promise<TokenAnswer> {
    try {
      // Looked at once more: another process may have refreshed between the first look and the lease.
      const before = await store.read(appId)
      const settled = answerFromStore(before, criteria)
      if (settled) return settled
      const answer = await deps.fetchToken(appId, criteria.force)
      // WeChat counts a forced refresh that reached it, also when it refuses or its answer is lost.
      const marks = criteria.force && answer.kind !== 'failed' ? forcedOnceMore(before) : forcedOf(before)
      if (answer.kind !== 'answered' || answer.errcode !== 0 || !answer.data?.access_token) {
        if (before && criteria.force) await store.save(appId, by, { ...before, ...marks })
        if (answer.kind === 'answered' && answer.errcode !== 0)
          return failed('refused', answer.errcode, answer.errmsg)
        const reason = answer.kind === 'answered' ? 'no token in the answer' : answer.reason
        const failure = failed('failed', null, reason)
        return answer.kind === 'malformed' ? { ...failure, malformed: true } : failure
      }
      const { access_token: accessToken, expires_in } = answer.data
      await store.save(appId, by, { accessToken, expiresAt: now() + expires_in * 1000, ...marks })
      deps.count?.('ok')
      return { ok: true, accessToken }
    } finally {
      await store.release(appId, by)
    }
  }

  /** The answer that needs no call: a stored token that will do, or a forced refresh that is not allowed again yet. */
  function answerFromStore(stored: StoredToken | null, { usable, force }: TokenCriteria): TokenAnswer | null {
    if (stored && usable(stored)) return { ok: true, accessToken: stored.accessToken }
    if (force && stored && !mayForce(stored)) {
      return { ok: false, errcode: null, reason: 'a forced refresh is not allowed again yet' }
    }
    return null
  }

  function forcedOnceMore(before: StoredToken | null): Forced {
    const forcedDay = deps.dayOf(now())
    const today = before?.forcedDay === forcedDay ? before.forcedCount : 0
    return { forcedAt: now(), forcedDay, forcedCount: today + 1 }
  }

  function failed(result: 'refused' | 'failed', errcode: number | null, reason: string): NoToken {
    deps.count?.(result)
    return { ok: false, errcode, reason: reason || 'no reason given' }
  }

  function mayForce(stored: StoredToken): boolean {
    const since = stored.forcedAt === null ? null : now() - stored.forcedAt
    // Forced far in the future: the clock was ahead then, and says nothing about when that was.
    if (since !== null && since > -SKEW_MS && since < FORCE_EVERY_MS) return false
    return stored.forcedDay !== deps.dayOf(now()) || stored.forcedCount < FORCE_A_DAY
  }

  return {
    getToken: (appId) =>
      coalesce(`${appId} get`, () =>
        getOrRefresh(appId, { usable: (t) => t.expiresAt - now() > AHEAD_MS, force: false }),
      ),
    // `normal` is one fetch, also when it brings the same token: the next answer says what to do then.
    afterRefusal: (appId, refusedToken, mode) =>
      coalesce(`${appId} ${mode} ${refusedToken}`, () =>
        getOrRefresh(appId, { usable: (t) => t.accessToken !== refusedToken, force: mode === 'force' }),
      ),
  }
}

function forcedOf(token: StoredToken | null): Forced {
  const { forcedAt = null, forcedDay = null, forcedCount = 0 } = token ?? {}
  return { forcedAt, forcedDay, forcedCount }
}

/** Tokens of one process only, for tests and tools. */
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
