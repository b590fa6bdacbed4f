import type { AccessToken, WechatAnswer } from './client.ts'

/** An access token, or why there is none: WeChat's errcode, or null when WeChat was not reached. */
export type TokenAnswer =
  | { ok: true; accessToken: string }
  | { ok: false; errcode: number | null; reason: string }

export interface StoredToken {
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
  /** True for one caller at a time, until it saves, releases, or `until` has passed. */
  claim(appId: string, by: string, now: number, until: number): Promise<boolean>
  save(appId: string, by: string, token: StoredToken): Promise<void>
  release(appId: string, by: string): Promise<void>
}

export interface TokenKeeper {
  /** A token that is valid for a while yet; fetched once for all who ask at the same time. */
  getToken(appId: string): Promise<TokenAnswer>
  /**
   * WeChat refused `refused`: `normal` fetches once more, `force` makes WeChat issue a new one (at most every 30 s and
   * 20 times a day for an account). Two hundred callers with the same refused token make one call.
   */
  afterRefusal(appId: string, refused: string, how: 'normal' | 'force'): Promise<TokenAnswer>
}

/** A token this near to its end is fetched anew; in its last five minutes WeChat issues the next one. */
const AHEAD_MS = 5 * 60_000
/** Longer than one call may take. */
const LEASE_MS = 15_000
const FORCE_EVERY_MS = 30_000
const FORCE_A_DAY = 20
const POLL_MS = 100

/** Keeps access tokens: one source of truth in the store, one refresh at a time for each account. */
export function createTokenKeeper(deps: {
  store: TokenStore
  /** Calls `stable_token` with the account's secret. */
  fetchToken(appId: string, forceRefresh: boolean): Promise<WechatAnswer<AccessToken>>
  /** Names this process in leases. */
  by: string
  now(): number
  dayOf(at: number): string
  count?(result: 'ok' | 'refused' | 'failed'): void
}): TokenKeeper {
  const { store, by, now } = deps
  const underWay = new Map<string, Promise<TokenAnswer>>()

  /** Callers in this process share one promise for the same wish. */
  function shared(key: string, work: () => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const known = underWay.get(key)
    if (known) return known
    const promise = work().finally(() => underWay.delete(key))
    underWay.set(key, promise)
    return promise
  }

  /** @param usable says whether a stored token will do; else this caller, or another process, fetches one */
  async function obtain(
    appId: string,
    usable: (t: StoredToken) => boolean,
    force: boolean,
  ): Promise<TokenAnswer> {
    for (;;) {
      const stored = await store.read(appId)
      if (stored && usable(stored)) return { ok: true, accessToken: stored.accessToken }
      if (force && stored && !mayForce(stored)) {
        return { ok: false, errcode: null, reason: 'a forced refresh is not allowed again yet' }
      }
      if (await store.claim(appId, by, now(), now() + LEASE_MS)) return refresh(appId, force)
      // Another process refreshes: its lease ends within seconds, whatever becomes of it.
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  async function refresh(appId: string, force: boolean): Promise<TokenAnswer> {
    try {
      const before = await store.read(appId)
      const answer = await deps.fetchToken(appId, force)
      if (answer.kind !== 'answered') return failed('failed', null, answer.reason)
      if (answer.errcode !== 0 || !answer.data) return failed('refused', answer.errcode, answer.errmsg)
      const { access_token: accessToken, expires_in } = answer.data
      const today = deps.dayOf(now())
      const sameDay = before?.forcedDay === today
      await store.save(appId, by, {
        accessToken,
        expiresAt: now() + expires_in * 1000,
        forcedAt: force ? now() : (before?.forcedAt ?? null),
        forcedDay: force ? today : (before?.forcedDay ?? null),
        forcedCount: force ? (sameDay ? before.forcedCount : 0) + 1 : (before?.forcedCount ?? 0),
      })
      deps.count?.('ok')
      return { ok: true, accessToken }
    } finally {
      await store.release(appId, by)
    }
  }

  function failed(result: 'refused' | 'failed', errcode: number | null, reason: string): TokenAnswer {
    deps.count?.(result)
    return { ok: false, errcode, reason }
  }

  function mayForce(stored: StoredToken): boolean {
    if (stored.forcedAt !== null && now() - stored.forcedAt < FORCE_EVERY_MS) return false
    return stored.forcedDay !== deps.dayOf(now()) || stored.forcedCount < FORCE_A_DAY
  }

  return {
    getToken: (appId) =>
      shared(`${appId} get`, () => obtain(appId, (t) => t.expiresAt - now() > AHEAD_MS, false)),
    afterRefusal: (appId, refused, how) =>
      shared(`${appId} ${how} ${refused}`, async () => {
        if (how === 'force') return obtain(appId, (t) => t.accessToken !== refused, true)
        // One normal fetch, also when it brings the same token: the next answer says what to do then.
        return obtain(appId, (t) => t.accessToken !== refused, false)
      }),
  }
}

/** Tokens of one process only, for tests and tools. */
export function createMemoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>()
  const leases = new Map<string, { by: string; until: number }>()
  return {
    read: async (appId) => tokens.get(appId) ?? null,
    async claim(appId, by, now, until) {
      const lease = leases.get(appId)
      if (lease && lease.until > now) return false
      leases.set(appId, { by, until })
      return true
    },
    async save(appId, by, token) {
      if (leases.get(appId)?.by === by) tokens.set(appId, token)
    },
    async release(appId, by) {
      if (leases.get(appId)?.by === by) leases.delete(appId)
    },
  }
}
