import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AccessToken, WechatAnswer } from './client.ts'
import { createMemoryTokenStore, createTokenProvider, type TokenAnswer, type TokenStore } from './tokens.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Eight in the morning in Beijing. */
const MORNING = Date.UTC(2026, 10, 23)

beforeEach(() => {
  vi.useFakeTimers({ now: MORNING })
})
afterEach(() => {
  vi.useRealTimers()
})

const beijingDay = (at: number) => new Date(at + 8 * HOUR).toISOString().slice(0, 10)
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** Advances the clock until the work is done. */
async function done<T>(work: Promise<T>): Promise<T> {
  let settled = false
  const settle = () => {
    settled = true
  }
  work.then(settle, settle)
  while (!settled) await pass(10)
  return work
}

/** WeChat's stable_token: the same token while it is valid, a new one when forced. An answer takes 300 ms. */
function createWechat() {
  let issued = 0
  let current = { access_token: '', endsAt: 0 }
  const wechat = {
    calls: [] as { appId: string; force: boolean; at: number }[],
    /** Answers that replace the next ones. */
    overrides: [] as WechatAnswer<AccessToken>[],
    async fetchToken(appId: string, force: boolean): Promise<WechatAnswer<AccessToken>> {
      wechat.calls.push({ appId, force, at: Date.now() })
      await new Promise((resolve) => setTimeout(resolve, 300))
      const other = wechat.overrides.shift()
      if (other) return other
      if (force || current.endsAt - Date.now() <= 5 * MINUTE) {
        current = { access_token: `token-${++issued}`, endsAt: Date.now() + 2 * HOUR }
      }
      const { access_token, endsAt } = current
      return answered({ access_token, expires_in: (endsAt - Date.now()) / SECOND })
    },
    forced: () => wechat.calls.filter((c) => c.force).length,
  }
  return wechat
}

const answered = (data: AccessToken): WechatAnswer<AccessToken> => ({
  kind: 'answered',
  errcode: 0,
  errmsg: '',
  rid: null,
  data,
})
const errcode = (code: number, errmsg: string): WechatAnswer<AccessToken> => ({
  kind: 'answered',
  errcode: code,
  errmsg,
  rid: null,
  data: null,
})
const unreached: WechatAnswer<AccessToken> = {
  kind: 'failed',
  reason: 'no connection to WeChat (ECONNREFUSED)',
}
const lost: WechatAnswer<AccessToken> = { kind: 'unclear', after: 'timeout', reason: 'no answer within 10 s' }

function setUp(
  given: { store?: TokenStore; wechat?: ReturnType<typeof createWechat>; ownerId?: string } = {},
) {
  const wechat = given.wechat ?? createWechat()
  const store = given.store ?? createMemoryTokenStore()
  const counted: string[] = []
  const provider = createTokenProvider({
    store,
    fetchToken: wechat.fetchToken,
    ownerId: given.ownerId ?? 'worker-1',
    now: () => Date.now(),
    dayOf: beijingDay,
    count: (result) => counted.push(result),
  })
  return { provider, wechat, store, counted }
}

const ok = (accessToken: string): TokenAnswer => ({ ok: true, accessToken })
const notYet: TokenAnswer = {
  ok: false,
  errcode: null,
  reason: 'a forced refresh is not allowed again yet',
}
const times = (n: number, call: (i: number) => Promise<TokenAnswer>) =>
  Promise.all(Array.from({ length: n }, (_, i) => call(i)))

describe('two hundred concurrent callers', () => {
  it('share one fetch in one process', async () => {
    const { provider, wechat, counted } = setUp()
    const answers = await done(times(200, () => provider.getToken('wx1')))
    expect(new Set(answers.map((a) => JSON.stringify(a)))).toEqual(new Set([JSON.stringify(ok('token-1'))]))
    expect(wechat.calls).toHaveLength(1)
    expect(counted).toEqual(['ok'])
  })

  it('share one fetch in four processes', async () => {
    const store = createMemoryTokenStore()
    const wechat = createWechat()
    const workers = [1, 2, 3, 4].map((n) => setUp({ store, wechat, ownerId: `worker-${n}` }).provider)
    const answers = await done(Promise.all(workers.map((w) => times(50, () => w.getToken('wx1')))))
    expect(answers.flat()).toEqual(Array(200).fill(ok('token-1')))
    expect(wechat.calls).toHaveLength(1)
  })

  it('fetch one token for each account', async () => {
    const { provider, wechat } = setUp()
    await done(times(200, (i) => provider.getToken(`wx${i % 2}`)))
    expect(wechat.calls.map((c) => c.appId)).toEqual(['wx0', 'wx1'])
  })

  it('share one normal fetch when WeChat refused their token, and one forced after it', async () => {
    const { provider, wechat } = setUp()
    await done(provider.getToken('wx1'))
    const retried = await done(times(200, () => provider.afterRefusal('wx1', 'token-1', 'normal')))
    expect(retried).toEqual(Array(200).fill(ok('token-1')))
    expect(wechat.calls).toHaveLength(2)
    const forced = await done(times(200, () => provider.afterRefusal('wx1', 'token-1', 'force')))
    expect(forced).toEqual(Array(200).fill(ok('token-2')))
    expect(wechat.calls.map((c) => c.force)).toEqual([false, false, true])
  })

  it('share one forced fetch in four processes', async () => {
    const store = createMemoryTokenStore()
    const wechat = createWechat()
    const workers = [1, 2, 3, 4].map((n) => setUp({ store, wechat, ownerId: `worker-${n}` }).provider)
    await done(Promise.all(workers.map((w) => w.getToken('wx1'))))
    const answers = await done(
      Promise.all(workers.map((w) => times(50, () => w.afterRefusal('wx1', 'token-1', 'force')))),
    )
    expect(answers.flat()).toEqual(Array(200).fill(ok('token-2')))
    expect(wechat.forced()).toBe(1)
  })
})

describe('a token', () => {
  it('is used until its last five minutes, then replaced', async () => {
    const { provider, wechat } = setUp()
    await done(provider.getToken('wx1'))
    const fetchedAt = Date.now()
    await pass(2 * HOUR - 5 * MINUTE - SECOND)
    expect(await done(provider.getToken('wx1'))).toEqual(ok('token-1'))
    expect(wechat.calls).toHaveLength(1)
    await pass(fetchedAt + 2 * HOUR - 5 * MINUTE - Date.now())
    expect(await done(provider.getToken('wx1'))).toEqual(ok('token-2'))
    expect(wechat.calls).toHaveLength(2)
  })

  it('that another process fetched meanwhile replaces the refused one', async () => {
    const { provider, wechat, store } = setUp()
    await done(provider.getToken('wx1'))
    const other = setUp({ store, wechat, ownerId: 'worker-2' }).provider
    await done(other.afterRefusal('wx1', 'token-1', 'force'))
    expect(await done(provider.afterRefusal('wx1', 'token-1', 'normal'))).toEqual(ok('token-2'))
    expect(await done(provider.afterRefusal('wx1', 'token-1', 'force'))).toEqual(ok('token-2'))
    expect(wechat.calls).toHaveLength(2)
  })
})

describe('a token that WeChat still refuses', () => {
  const force = async (s: ReturnType<typeof setUp>, n: number) =>
    done(s.provider.afterRefusal('wx1', `token-${n}`, 'force'))

  it('is refreshed by force again only after 30 s', async () => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    expect(await force(s, 1)).toEqual(ok('token-2'))
    const forcedAt = Date.now()
    expect(await force(s, 2)).toEqual(notYet)
    await pass(forcedAt + 29_900 - Date.now())
    expect(await force(s, 2)).toEqual(notYet)
    expect(s.wechat.forced()).toBe(1)
    await pass(forcedAt + 30_000 - Date.now())
    expect(await force(s, 2)).toEqual(ok('token-3'))
    expect(s.wechat.forced()).toBe(2)
  })

  it('is refreshed by force at once after a refresh by a clock that was an hour ahead', async () => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    await force(s, 1)
    vi.setSystemTime(Date.now() - HOUR)
    expect(await force(s, 2)).toEqual(ok('token-3'))
  })

  it('is refreshed by force for the 21st time only on the next day in Beijing', async () => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    for (let n = 1; n <= 20; n++) {
      expect(await force(s, n)).toEqual(ok(`token-${n + 1}`))
      await pass(MINUTE)
    }
    expect(await force(s, 21)).toEqual(notYet)
    await pass(MORNING + 16 * HOUR - SECOND - Date.now())
    await done(s.provider.getToken('wx1'))
    expect(await force(s, 22)).toEqual(notYet)
    expect(s.wechat.forced()).toBe(20)
    await pass(MINUTE)
    expect((await force(s, 22)).ok).toBe(true)
    expect(s.wechat.forced()).toBe(21)
  })

  it('keeps the count of forced refreshes after a normal fetch', async () => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    await force(s, 1)
    await done(s.provider.afterRefusal('wx1', 'token-2', 'normal'))
    expect(await force(s, 2)).toEqual(notYet)
    expect(s.wechat.forced()).toBe(1)
  })

  it('does not delay other accounts', async () => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    await force(s, 1)
    await done(s.provider.getToken('wx2'))
    expect((await done(s.provider.afterRefusal('wx2', 'token-2', 'force'))).ok).toBe(true)
    expect(s.wechat.forced()).toBe(2)
  })

  it.each([
    ['its answer was lost', lost, { ok: false, errcode: null, reason: 'no answer within 10 s' }],
    ['WeChat refused it', errcode(-1, 'system error'), { ok: false, errcode: -1, reason: 'system error' }],
  ])('counts a forced refresh also when %s', async (_name, instead, answer) => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    s.wechat.overrides.push(instead)
    expect(await force(s, 1)).toEqual(answer)
    expect(await force(s, 1)).toEqual(notYet)
    expect(s.wechat.forced()).toBe(1)
    await pass(30 * SECOND)
    expect(await force(s, 1)).toEqual(ok('token-2'))
  })

  it('may be refreshed by force again at once when the request was never sent', async () => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    s.wechat.overrides.push(unreached)
    expect(await force(s, 1)).toMatchObject({ ok: false })
    expect(await force(s, 1)).toEqual(ok('token-2'))
  })

  it('is not refreshed by force twice by two processes that read it at the same time', async () => {
    const store = createMemoryTokenStore()
    const wechat = createWechat()
    const fast = setUp({ store, wechat, ownerId: 'fast' }).provider
    await done(fast.getToken('wx1'))
    let forcedByFast: Promise<TokenAnswer> | undefined
    const slow = setUp({
      wechat,
      ownerId: 'slow',
      store: {
        ...store,
        // Between this process's read and its claim, the other process completes its refresh.
        async claim(...args) {
          forcedByFast ??= fast.afterRefusal('wx1', 'token-1', 'force')
          await forcedByFast
          return store.claim(...args)
        },
      },
    }).provider
    expect(await done(slow.afterRefusal('wx1', 'token-1', 'force'))).toEqual(ok('token-2'))
    expect(wechat.forced()).toBe(1)
  })
})

describe('a failed fetch of a token', () => {
  it.each([
    ['the secret is wrong', errcode(40125, 'invalid appsecret'), 40125, 'invalid appsecret', 'refused'],
    ['WeChat cannot be reached', unreached, null, 'no connection to WeChat (ECONNREFUSED)', 'failed'],
    ['WeChat’s answer was lost', lost, null, 'no answer within 10 s', 'failed'],
    [
      'the answer has no token',
      { kind: 'answered', errcode: 0, errmsg: '', rid: null, data: {} as AccessToken },
      null,
      'no token in the answer',
      'failed',
    ],
  ] as const)(
    'is reported when %s, and repeated for the next caller',
    async (_name, instead, code, reason, counted) => {
      const s = setUp()
      s.wechat.overrides.push(instead)
      expect(await done(times(200, () => s.provider.getToken('wx1')))).toEqual(
        Array(200).fill({ ok: false, errcode: code, reason }),
      )
      expect(s.wechat.calls).toHaveLength(1)
      expect(s.counted).toEqual([counted])
      const askedAt = Date.now()
      const other = setUp({ ...s, ownerId: 'worker-2' }).provider
      expect(await done(other.getToken('wx1'))).toEqual(ok('token-1'))
      expect(s.wechat.calls[1]?.at).toBe(askedAt)
    },
  )

  it('keeps the stored token', async () => {
    const s = setUp()
    await done(s.provider.getToken('wx1'))
    s.wechat.overrides.push(unreached)
    await done(s.provider.afterRefusal('wx1', 'token-1', 'normal'))
    expect(await done(s.provider.getToken('wx1'))).toEqual(ok('token-1'))
    expect(s.wechat.calls).toHaveLength(2)
  })

  it('is repeated after an error of the store', async () => {
    const store = createMemoryTokenStore()
    let broken = true
    const { provider, wechat } = setUp({
      store: {
        ...store,
        async save(...args) {
          if (broken) throw new Error('store is down')
          return store.save(...args)
        },
      },
    })
    const first = provider.getToken('wx1')
    await expect(done(first)).rejects.toThrow('store is down')
    broken = false
    expect(await done(provider.getToken('wx1'))).toEqual(ok('token-1'))
    expect(wechat.calls).toHaveLength(2)
  })
})

describe('a process that stops during a fetch', () => {
  it('delays the others until its lease ends', async () => {
    const { provider, wechat, store } = setUp()
    await store.claim('wx1', 'dead', Date.now(), Date.now() + 15 * SECOND)
    const answer = provider.getToken('wx1')
    await pass(14_900)
    expect(wechat.calls).toHaveLength(0)
    expect(await done(answer)).toEqual(ok('token-1'))
    expect(wechat.calls).toHaveLength(1)
  })

  it('cannot overwrite the next process’s token when it continues later', async () => {
    const store = createMemoryTokenStore()
    await store.claim('wx1', 'slow', Date.now(), Date.now() + SECOND)
    await pass(2 * SECOND)
    await store.claim('wx1', 'next', Date.now(), Date.now() + SECOND)
    const token = { accessToken: 'new', expiresAt: 1, forcedAt: null, forcedDay: null, forcedCount: 0 }
    await store.save('wx1', 'next', token)
    await store.save('wx1', 'slow', { ...token, accessToken: 'old' })
    expect(await store.read('wx1')).toEqual(token)
    await store.release('wx1', 'slow')
    expect(await store.claim('wx1', 'third', Date.now(), Date.now() + SECOND)).toBe(false)
  })
})
