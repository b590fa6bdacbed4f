import fc from 'fast-check'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createAdmissionControl } from '../../src/callback/admission/admission-control.ts'
import { createPlatformApp } from '../../src/platform/platform-app.ts'
import { createPlatformService } from '../../src/platform/platform-service.ts'
import { envelope, type Fields } from '../../src/simulator/callbacks/push.ts'
import { createAccountStore } from '../../src/store/accounts/account-store.ts'
import { createPlatformStore } from '../../src/store/accounts/platform-store.ts'
import type { Db } from '../../src/store/db.ts'
import { createSealer } from '../../src/store/encryption/sealer.ts'
import type { WechatAnswer } from '../../src/wechat/api/client.ts'
import type { ComponentClient } from '../../src/wechat/api/component-client.ts'
import { TEST_PLATFORM } from '../harness/app-harness.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const APP = 'wxowner000000001'
/** Tickets and events are stamped in whole seconds. */
const T0 = Date.parse('2026-11-23T08:00:00Z') / 1000
const answer = <T>(data: T): WechatAnswer<T> => ({
  kind: 'answered',
  errcode: 0,
  errmsg: 'ok',
  rid: null,
  data,
})

/** A platform over a real store. WeChat's API answers each code with the refresh token that was given with it. */
function platformOver(db: Db) {
  const clock = { now: T0 * 1000 }
  const now = () => clock.now
  const log = pino({ level: 'silent' })
  const sealer = createSealer('test-encryption-key')
  const accounts = createAccountStore(db, sealer, now)
  const store = createPlatformStore(db, sealer)
  const stopped: string[] = []
  const exchanged: string[] = []
  let engineIsAway = false
  const client: ComponentClient = {
    startPushTicket: async () => answer({}),
    componentToken: async (ticket) => answer({ access_token: `token of ${ticket}`, expires_in: 7_200 }),
    preAuthCode: async () => answer({ pre_auth_code: 'pre', expires_in: 600 }),
    async queryAuth(_, code) {
      exchanged.push(code)
      return answer({
        authorization_info: {
          authorizer_appid: APP,
          authorizer_access_token: 'access',
          authorizer_refresh_token: `refresh of ${code}`,
          expires_in: 7_200,
          func_info: [{ funcscope_category: { id: 1 } }],
        },
      })
    },
    authoriserToken: async () =>
      answer({ authorizer_access_token: 'a', authorizer_refresh_token: 'r', expires_in: 1 }),
    authoriserInfo: async () => answer({ authorizer_info: { nick_name: '店' } }),
    authoriserList: async () => answer({ total_count: 0, list: [] }),
  }
  const platform = createPlatformService({
    config: { ...TEST_PLATFORM, publicUrl: 'http://platform.test' },
    store,
    accounts,
    client,
    tokens: {
      getToken: async () => ({ ok: true, accessToken: 'component' }),
      afterRefusal: async () => ({ ok: true, accessToken: 'component' }),
    },
    wechatPages: null,
    now,
    toPlatformTime: (at) => at,
    log,
    reloadAccounts: async () => {},
    resumeSends: () => {},
    async stopRuns(appId) {
      if (engineIsAway) throw new Error('Temporal is away')
      stopped.push(appId)
    },
  })
  const app = createPlatformApp({
    platform,
    now,
    maxAgeMs: 600_000,
    log,
    skewMonitor: { record: () => {} },
    admission: createAdmissionControl(),
    nameOf: async () => '店',
    phoneUrl: () => null,
    client: () => ({ address: null, https: false }),
  })
  return {
    clock,
    accounts,
    store,
    stopped,
    exchanged,
    setEngineAway(is: boolean) {
      engineIsAway = is
    },
    work: () => platform.processEvents(),
    /** WeChat delivers an event that happened at `at` (s). */
    async push(at: number | null, fields: Fields): Promise<number> {
      const target = {
        ...{ appId: TEST_PLATFORM.appId, token: TEST_PLATFORM.token, encodingAesKey: TEST_PLATFORM.aesKey },
        ...{ mode: 'security' as const, format: 'xml' as const, callbackUrl: '', originalId: '' },
      }
      const message: Fields = {
        AppId: TEST_PLATFORM.appId,
        ...(at === null ? {} : { CreateTime: at }),
        ...fields,
      }
      const { query, body } = envelope(target, message, Math.floor(clock.now / 1000))
      const { status } = await app.request(`/wechat/component?${query}`, { method: 'POST', body })
      await platform.processEvents()
      return status
    },
    /** The owner's browser comes back from WeChat's page. */
    async comeBack(code: string): Promise<number> {
      const link = new URL(await platform.startAuthorisation('pc'))
      const state = new URL(link.searchParams.get('redirect_uri') ?? '').searchParams.get('state')
      return (await app.request(`/wechat/component/authorized?auth_code=${code}&state=${state}`)).status
    },
    async standing() {
      const { state, refreshToken } = (await accounts.find(APP)) ?? {}
      return { state, refreshToken: refreshToken ?? null }
    },
  }
}

const authorized = (code: string): Fields => ({
  InfoType: 'authorized',
  AuthorizerAppid: APP,
  AuthorizationCode: code,
})
const updated = (code: string): Fields => ({ ...authorized(code), InfoType: 'updateauthorized' })
const UNAUTHORIZED: Fields = { InfoType: 'unauthorized', AuthorizerAppid: APP }
const activeWith = (code: string) => ({ state: 'active', refreshToken: `refresh of ${code}` })
const GONE = { state: 'needs-authorisation', refreshToken: null }

describeOnBothStores('events of a third-party platform', (store) => {
  it('an unauthorized older than the newest authorisation changes nothing', async () => {
    const { push, standing, stopped } = platformOver(store().db)
    await push(T0, authorized('a'))
    expect(await push(T0 - 30, UNAUTHORIZED)).toBe(200)
    expect(await standing()).toEqual(activeWith('a'))
    expect(stopped).toEqual([])
  })

  it('a newer one ends it, and its repetition after another authorisation does not end that one', async () => {
    const { push, standing, stopped } = platformOver(store().db)
    await push(T0, authorized('a'))
    await push(T0 + 10, UNAUTHORIZED)
    expect(await standing()).toEqual(GONE)
    await push(T0 + 20, authorized('b'))
    await push(T0 + 10, UNAUTHORIZED)
    expect(await standing()).toEqual(activeWith('b'))
    expect(stopped).toEqual([APP])
  })

  it('an older authorisation or change of one brings back nothing, and its code is not exchanged', async () => {
    const { push, standing, exchanged } = platformOver(store().db)
    await push(T0, authorized('a'))
    await push(T0 + 20, updated('c'))
    await push(T0 + 10, updated('b'))
    expect(await standing()).toEqual(activeWith('c'))
    await push(T0 + 30, UNAUTHORIZED)
    await push(T0 + 25, authorized('d'))
    expect(await standing()).toEqual(GONE)
    expect(exchanged).toEqual(['a', 'c'])
  })

  it('of the same second, the authorisation counts, in whichever order they come', async () => {
    const platform = platformOver(store().db)
    await platform.push(T0, authorized('a'))
    await platform.push(T0, UNAUTHORIZED)
    expect(await platform.standing()).toEqual(activeWith('a'))
    await platform.push(T0 + 5, UNAUTHORIZED)
    await platform.push(T0 + 5, authorized('b'))
    expect(await platform.standing()).toEqual(activeWith('b'))
  })

  it('the authorisation page counts as newest, from the time at which the owner came back', async () => {
    const { push, comeBack, standing, clock, stopped } = platformOver(store().db)
    await push(T0, authorized('a'))
    clock.now += 60_000
    expect(await comeBack('b')).toBe(200)
    await push(T0 + 30, UNAUTHORIZED)
    expect(await standing()).toEqual(activeWith('b'))
    await push(T0 + 61, UNAUTHORIZED)
    expect(await standing()).toEqual(GONE)
    expect(stopped).toEqual([APP])
  })

  it('the push of the same authorisation says when it was: a server ahead misses no end of it', async () => {
    const { push, comeBack, standing, clock, exchanged } = platformOver(store().db)
    clock.now = (T0 + 70) * 1000
    await comeBack('a')
    await push(T0, authorized('a'))
    await push(T0 + 30, UNAUTHORIZED)
    expect(await standing()).toEqual(GONE)
    expect(exchanged).toEqual(['a'])
  })

  it('the page of a server behind is not older than what it replaces', async () => {
    const { push, comeBack, standing, clock } = platformOver(store().db)
    await push(T0, authorized('a'))
    await push(T0 + 10, UNAUTHORIZED)
    clock.now = (T0 - 70) * 1000
    expect(await comeBack('b')).toBe(200)
    expect(await standing()).toEqual(activeWith('b'))
    await push(T0 + 10, UNAUTHORIZED)
    expect(await standing()).toEqual(activeWith('b'))
  })

  it('an end that could not be carried to Temporal is tried again, unless the owner came back meanwhile', async () => {
    const { push, standing, stopped, work, setEngineAway } = platformOver(store().db)
    await push(T0, authorized('a'))
    setEngineAway(true)
    await push(T0 + 10, UNAUTHORIZED)
    expect(await standing()).toEqual(GONE)
    setEngineAway(false)
    await work()
    expect(stopped).toEqual([APP])
    setEngineAway(true)
    await push(T0 + 20, authorized('b'))
    await push(T0 + 30, UNAUTHORIZED)
    await push(T0 + 40, authorized('c'))
    setEngineAway(false)
    await work()
    expect(stopped).toEqual([APP])
    expect(await standing()).toEqual(activeWith('c'))
  })

  it('without a CreateTime, an event counts from its delivery', async () => {
    const { push, standing } = platformOver(store().db)
    await push(T0 - 10, authorized('a'))
    await push(null, UNAUTHORIZED)
    expect(await standing()).toEqual(GONE)
  })

  it('an older ticket does not replace a newer one, until that one is over', async () => {
    const { push, store: settings, clock } = platformOver(store().db)
    const ticket = (text: string): Fields => ({
      InfoType: 'component_verify_ticket',
      ComponentVerifyTicket: text,
    })
    const known = async () => (await settings.readTicket(TEST_PLATFORM.appId))?.ticket
    await push(T0, ticket('first'))
    await push(T0 + 600, ticket('second'))
    expect(await push(T0, ticket('first'))).toBe(200)
    expect(await known()).toBe('second')
    clock.now += 12 * 3_600_000 + 1_000
    await push(T0 + 500, ticket('third'))
    expect(await known()).toBe('third')
  })

  it('a refresh token that was asked for before a new authorisation does not replace its', async () => {
    const { push, accounts, standing } = platformOver(store().db)
    await push(T0, authorized('a'))
    const before = await accounts.find(APP)
    if (!before) throw new Error('not authorised')
    await push(T0 + 10, authorized('b'))
    await accounts.saveRefreshToken(before, 'late')
    await accounts.recordRefusedAuthorisation(before, 'late')
    expect(await standing()).toEqual(activeWith('b'))
    await push(T0 + 20, UNAUTHORIZED)
    await accounts.saveRefreshToken(before, 'late')
    expect(await standing()).toEqual(GONE)
  })
})

describeOnBothStores('in whatever order, and however often, platform events come', (store) => {
  it('the newest decides', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { minLength: 5, maxLength: 12 }),
        async (gives, picks) => {
          const { push, standing } = platformOver(store().db)
          await store().db.execute('DELETE FROM accounts')
          await store().db.execute('DELETE FROM platform_events')
          const events = gives.map((given, i) => ({
            at: T0 + i,
            fields: given ? authorized(`c${i}`) : UNAUTHORIZED,
          }))
          // Each comes at least once, in an order that the picks make; some come again.
          const order = [...picks, ...events.keys()].map((n) => n % events.length)
          for (const i of order) {
            const event = events[i]
            if (event) await push(event.at, event.fields)
          }
          const last = gives.length - 1
          if (gives[last]) expect(await standing()).toEqual(activeWith(`c${last}`))
          else expect(['needs-authorisation', undefined]).toContain((await standing()).state)
        },
      ),
      { numRuns: 15 },
    )
  })
})
