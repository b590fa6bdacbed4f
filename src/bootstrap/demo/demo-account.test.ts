import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import type { Store } from '../../store/db.ts'
import { openStore } from '../../store/open-store.ts'
import { accounts, inbox } from '../../store/schema.ts'
import { connectTemporal } from '../../temporal/connection.ts'
import { signatureOf } from '../../wechat/callback/crypto.ts'
import { createServices, type Services } from '../services.ts'
import { prepareDemo, suspendDemoAccounts } from './demo-account.ts'
import { DEMO_APP_ID } from './public-secrets.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const NOW = Date.UTC(2026, 0, 1)
/** As in `public-secrets.ts`, which everybody can read. */
const PUBLIC_TOKEN = 'test-token'
let store: Store
let simulator: Simulator
const undo: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  store = await openStore({ dataDir: null })
})
afterAll(() => store.close())
beforeEach(async () => {
  await store.db.delete(accounts)
  await store.db.delete(inbox)
  simulator = createSimulator({ now: () => NOW })
  await prepare(start({ simulator: true }))
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** The services of a process on the same store. Nothing listens at its Temporal address. */
function start({ simulator = false }): Services {
  const temporal = connectTemporal({ namespace: 'default', connection: { address: '127.0.0.1:9' } }, 'test')
  undo.push(() => temporal.close())
  const config = {
    wechatApiBase: 'http://127.0.0.1:9',
    callbackMaxAgeMs: 600_000,
    retentionDays: 30,
    runRetentionDays: 90,
  }
  const log = pino({ level: 'silent' })
  const encryptionKey = 'test-encryption-key-of-the-tests'
  return createServices({
    config,
    db: store.db,
    temporal,
    encryptionKey,
    log,
    simulator,
    now: () => NOW,
  })
}

const prepare = (services: Services) =>
  prepareDemo(services, simulator, { simulatorUrl: 'http://127.0.0.1:9', callbackBase: 'http://127.0.0.1:9' })
const stateOf = async (services: Services) => {
  const found = await services.accounts.find(DEMO_APP_ID)
  return [found?.state, found?.stateReason]
}

/** What anybody who has read this repository can send. */
async function forge(services: Services, token = PUBLIC_TOKEN): Promise<[challenge: number, follow: number]> {
  const timestamp = String(NOW / 1000)
  const query = { timestamp, nonce: 'n', signature: signatureOf(token, timestamp, 'n'), echostr: 'test' }
  const challenge = await services.callbackApp.request(`/wechat/${DEMO_APP_ID}?${new URLSearchParams(query)}`)
  const follow = { ToUserName: 'gh_1', FromUserName: 'oForged', MsgType: 'event', Event: 'subscribe' }
  const push = simulator.account(DEMO_APP_ID).envelope({ ...follow, CreateTime: Number(timestamp) })
  const pushed = await services.callbackApp.request(`/wechat/${DEMO_APP_ID}?${push.query}`, {
    method: 'POST',
    body: push.body,
  })
  return [challenge.status, pushed.status]
}

describe('the simulated account, whose secrets are public', () => {
  it('is served while the simulator runs', async () => {
    const services = start({ simulator: true })
    await prepare(services)
    expect(await stateOf(services)).toEqual(['active', null])
    expect(await forge(services)).toEqual([200, 200])
  })

  it('is paused with a reason while the simulator is off, and accepts no callbacks', async () => {
    const services = start({})
    await suspendDemoAccounts(services)
    await services.reloadConfig()
    expect(await stateOf(services)).toEqual(['paused', expect.stringContaining('simulator is off')])
    expect(await forge(services)).toEqual([404, 404])
    // Still refused after an operator resumes it.
    await services.accounts.setState(DEMO_APP_ID, 'active', null)
    await services.reloadConfig()
    expect(await forge(services)).toEqual([404, 404])
    expect(await store.db.select().from(inbox)).toEqual([])
  })

  it('is active again with the simulator', async () => {
    await suspendDemoAccounts(start({}))
    const services = start({ simulator: true })
    await prepare(services)
    expect(await stateOf(services)).toEqual(['active', null])
    expect(await forge(services)).toEqual([200, 200])
  })

  it.each([
    ['an operator', 'paused', 'paused by operator'],
    ['WeChat', 'blocked', '48001 api unauthorized'],
  ] as const)('stays stopped when %s has stopped it', async (_, state, reason) => {
    const services = start({})
    await services.accounts.setState(DEMO_APP_ID, state, reason)
    await suspendDemoAccounts(services)
    expect(await stateOf(services)).toEqual([state, reason])
    await prepare(start({ simulator: true }))
    expect(await stateOf(services)).toEqual([state, reason])
  })

  it('is paused also when WeChat has stopped it for a limited time', async () => {
    const services = start({})
    await services.accounts.setState(
      DEMO_APP_ID,
      'quota-exhausted',
      '45009 reach max api daily quota',
      NOW + 1,
    )
    await suspendDemoAccounts(services)
    expect(await stateOf(services)).toEqual(['paused', expect.stringContaining('simulator is off')])
  })

  it('belongs to the operator after a change of its token: the public token is refused at once', async () => {
    const services = start({})
    await services.accounts.patch(DEMO_APP_ID, { token: 'test-token-of-an-operator' })
    await suspendDemoAccounts(services)
    await services.reloadConfig()
    expect(await stateOf(services)).toEqual(['active', null])
    expect(await forge(services)).toEqual([401, 401])
    expect((await forge(services, 'test-token-of-an-operator'))[0]).toBe(200)
  })
})
