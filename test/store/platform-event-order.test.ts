import fc from 'fast-check'
import { expect, it } from 'vitest'
import { envelope, type Fields } from '../../src/simulator/callbacks/envelope.ts'
import type { Db } from '../../src/store/db.ts'
import { TEST_PLATFORM } from '../fixtures/test-account.ts'
import { authorization, createPlatformHarness, OWNER_APP_ID } from '../harness/platform-harness.ts'
import { propertyRuns } from '../harness/property-runs.ts'
import { describeOnBothStores } from '../harness/stores.ts'

/** WeChat's timestamps of tickets and events have whole seconds. */
const T0 = Date.parse('2026-11-23T08:00:00Z') / 1000

/** A platform with a fake WeChat, which answers each code with a refresh token that contains the code. */
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
    processEvents: () => platform.processEvents(),
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
    /** The owner's browser returns from WeChat's authorisation page. */
    async returnFromPage(code: string): Promise<number> {
      const link = new URL(await platform.startAuthorisation('pc'))
      const state = new URL(link.searchParams.get('redirect_uri') ?? '').searchParams.get('state')
      return (await app.request(`/wechat/component/authorized?auth_code=${code}&state=${state}`)).status
    },
    async accountState() {
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
  it('an unauthorized event older than the newest authorisation changes nothing', async () => {
    const { push, accountState, stopped } = platformOver(store().db)
    await push(T0, authorized('a'))
    expect(await push(T0 - 30, UNAUTHORIZED)).toBe(200)
    expect(await accountState()).toEqual(activeWith('a'))
    expect(stopped).toEqual([])
  })

  it('a newer unauthorized event ends the authorisation, and its duplicate does not end the next one', async () => {
    const { push, accountState, stopped } = platformOver(store().db)
    await push(T0, authorized('a'))
    await push(T0 + 10, UNAUTHORIZED)
    expect(await accountState()).toEqual(GONE)
    await push(T0 + 20, authorized('b'))
    await push(T0 + 10, UNAUTHORIZED)
    expect(await accountState()).toEqual(activeWith('b'))
    expect(stopped).toEqual([OWNER_APP_ID])
  })

  it('an older authorized or updateauthorized event changes nothing, and its code is not exchanged', async () => {
    const { push, accountState, exchanged } = platformOver(store().db)
    await push(T0, authorized('a'))
    await push(T0 + 20, updated('c'))
    await push(T0 + 10, updated('b'))
    expect(await accountState()).toEqual(activeWith('c'))
    await push(T0 + 30, UNAUTHORIZED)
    await push(T0 + 25, authorized('d'))
    expect(await accountState()).toEqual(GONE)
    expect(exchanged).toEqual(['a', 'c'])
  })

  it('if both events have the same second, the authorisation wins in either order', async () => {
    const platform = platformOver(store().db)
    await platform.push(T0, authorized('a'))
    await platform.push(T0, UNAUTHORIZED)
    expect(await platform.accountState()).toEqual(activeWith('a'))
    await platform.push(T0 + 5, UNAUTHORIZED)
    await platform.push(T0 + 5, authorized('b'))
    expect(await platform.accountState()).toEqual(activeWith('b'))
  })

  it('an authorisation through the page is the newest, with the time of the owner’s return', async () => {
    const { push, returnFromPage, accountState, clock, stopped } = platformOver(store().db)
    await push(T0, authorized('a'))
    clock.now += 60_000
    expect(await returnFromPage('b')).toBe(200)
    await push(T0 + 30, UNAUTHORIZED)
    expect(await accountState()).toEqual(activeWith('b'))
    await push(T0 + 61, UNAUTHORIZED)
    expect(await accountState()).toEqual(GONE)
    expect(stopped).toEqual([OWNER_APP_ID])
  })

  it('the event of the same authorisation corrects its time if the server’s clock is ahead', async () => {
    const { push, returnFromPage, accountState, clock, exchanged } = platformOver(store().db)
    clock.now = (T0 + 70) * 1000
    await returnFromPage('a')
    await push(T0, authorized('a'))
    await push(T0 + 30, UNAUTHORIZED)
    expect(await accountState()).toEqual(GONE)
    expect(exchanged).toEqual(['a'])
  })

  it('an authorisation through the page is newer than the previous event if the server’s clock is behind', async () => {
    const { push, returnFromPage, accountState, clock } = platformOver(store().db)
    await push(T0, authorized('a'))
    await push(T0 + 10, UNAUTHORIZED)
    clock.now = (T0 - 70) * 1000
    expect(await returnFromPage('b')).toBe(200)
    expect(await accountState()).toEqual(activeWith('b'))
    await push(T0 + 10, UNAUTHORIZED)
    expect(await accountState()).toEqual(activeWith('b'))
  })

  it('the runs are stopped later if Temporal was unreachable, unless the owner has authorised again', async () => {
    const { push, accountState, stopped, processEvents, setTemporalDown } = platformOver(store().db)
    await push(T0, authorized('a'))
    setTemporalDown(true)
    await push(T0 + 10, UNAUTHORIZED)
    expect(await accountState()).toEqual(GONE)
    setTemporalDown(false)
    await processEvents()
    expect(stopped).toEqual([OWNER_APP_ID])
    setTemporalDown(true)
    await push(T0 + 20, authorized('b'))
    await push(T0 + 30, UNAUTHORIZED)
    await push(T0 + 40, authorized('c'))
    setTemporalDown(false)
    await processEvents()
    expect(stopped).toEqual([OWNER_APP_ID])
    expect(await accountState()).toEqual(activeWith('c'))
  })

  it('an event without a CreateTime has the time of its delivery', async () => {
    const { push, accountState } = platformOver(store().db)
    await push(T0 - 10, authorized('a'))
    await push(null, UNAUTHORIZED)
    expect(await accountState()).toEqual(GONE)
  })

  it('an older ticket replaces a newer one only after that one has expired', async () => {
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

  it('a refresh token that was requested before a new authorisation does not replace the new one', async () => {
    const { push, accounts, accountState } = platformOver(store().db)
    await push(T0, authorized('a'))
    const before = await accounts.find(OWNER_APP_ID)
    if (!before) throw new Error('not authorised')
    await push(T0 + 10, authorized('b'))
    await accounts.saveRefreshToken(before, 'late')
    await accounts.recordRefusedAuthorisation(before, 'late')
    expect(await accountState()).toEqual(activeWith('b'))
    await push(T0 + 20, UNAUTHORIZED)
    await accounts.saveRefreshToken(before, 'late')
    expect(await accountState()).toEqual(GONE)
  })
})

describeOnBothStores('platform events in any order and number', (store) => {
  it('result in the state of the newest event', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { minLength: 5, maxLength: 12 }),
        async (areAuthorised, picks) => {
          const { push, accountState } = platformOver(store().db)
          await store().db.execute('DELETE FROM accounts')
          await store().db.execute('DELETE FROM platform_events')
          const events = areAuthorised.map((isAuthorised, i) => ({
            at: T0 + i,
            fields: isAuthorised ? authorized(`c${i}`) : UNAUTHORIZED,
          }))
          // Each event is delivered at least once. `picks` determines the order and the duplicates.
          const order = [...picks, ...events.keys()].map((n) => n % events.length)
          for (const i of order) {
            const event = events[i]
            if (event) await push(event.at, event.fields)
          }
          const last = areAuthorised.length - 1
          if (areAuthorised[last]) expect(await accountState()).toEqual(activeWith(`c${last}`))
          else expect(['needs-authorisation', undefined]).toContain((await accountState()).state)
        },
      ),
      { numRuns: propertyRuns(15, 400) },
    )
  })
})
