import fc from 'fast-check'
import { expect, it } from 'vitest'
import { envelope, type Fields } from '../../src/simulator/callbacks/envelope.ts'
import type { Db } from '../../src/store/db.ts'
import { TEST_PLATFORM } from '../fixtures/test-account.ts'
import { authorization, createPlatformHarness, OWNER_APP_ID } from '../harness/platform-harness.ts'
import { describeOnBothStores } from '../harness/stores.ts'

/** Tickets and events are stamped in whole seconds. */
const T0 = Date.parse('2026-11-23T08:00:00Z') / 1000

/** The platform, to which events are pushed. WeChat answers each code with a refresh token that names the code. */
function platformOver(db: Db) {
  const stopped: string[] = []
  const exchanged: string[] = []
  let temporalIsDown = false
  const { accounts, app, clock, platform, store } = createPlatformHarness(db, {
    now: T0 * 1000,
    client: {
      async queryAuth(_, code) {
        exchanged.push(code)
        return authorization(`refresh of ${code}`)
      },
    },
    async stopRuns(appId) {
      if (temporalIsDown) throw new Error('Temporal is down')
      stopped.push(appId)
    },
  })
  return {
    clock,
    accounts,
    store,
    stopped,
    exchanged,
    setTemporalDown(isDown: boolean) {
      temporalIsDown = isDown
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
      const { state, refreshToken } = (await accounts.find(OWNER_APP_ID)) ?? {}
      return { state, refreshToken: refreshToken ?? null }
    },
  }
}

const authorized = (code: string): Fields => ({
  InfoType: 'authorized',
  AuthorizerAppid: OWNER_APP_ID,
  AuthorizationCode: code,
})
const updated = (code: string): Fields => ({ ...authorized(code), InfoType: 'updateauthorized' })
const UNAUTHORIZED: Fields = { InfoType: 'unauthorized', AuthorizerAppid: OWNER_APP_ID }
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
    expect(stopped).toEqual([OWNER_APP_ID])
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
    expect(stopped).toEqual([OWNER_APP_ID])
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
    const { push, standing, stopped, work, setTemporalDown } = platformOver(store().db)
    await push(T0, authorized('a'))
    setTemporalDown(true)
    await push(T0 + 10, UNAUTHORIZED)
    expect(await standing()).toEqual(GONE)
    setTemporalDown(false)
    await work()
    expect(stopped).toEqual([OWNER_APP_ID])
    setTemporalDown(true)
    await push(T0 + 20, authorized('b'))
    await push(T0 + 30, UNAUTHORIZED)
    await push(T0 + 40, authorized('c'))
    setTemporalDown(false)
    await work()
    expect(stopped).toEqual([OWNER_APP_ID])
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
    const before = await accounts.find(OWNER_APP_ID)
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
