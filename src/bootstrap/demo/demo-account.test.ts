import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import type { Store } from '../../store/db.ts'
import { openStore } from '../../store/open-store.ts'
import { accounts, inbox } from '../../store/schema.ts'
import { connectTemporal } from '../../temporal/connection.ts'
import { signatureOf } from '../../wechat/callback/crypto.ts'
import { createServices, type Services } from '../services.ts'
import { prepareDemo, suspendDemoAccounts } from './demo-account.ts'
import { DEMO_APP_ID } from './public-secrets.ts'

const NOW = Date.UTC(2026, 0, 1)
/** As it stands in `demo.ts`, for everybody to read. */
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
  await play(start({ simulator: true }))
})
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** A process on the same store; its engine is where nobody listens. */
function start({ simulator = false }): Services {
  const link = connectTemporal({ namespace: 'default', connection: { address: '127.0.0.1:9' } }, 'test')
  undo.push(() => link.close())
  const config = { wechatApiBase: 'http://127.0.0.1:9', callbackMaxAgeMs: 600_000, retentionDays: 30 }
  const log = pino({ level: 'silent' })
  const encryptionKey = 'test-encryption-key-of-the-tests'
  return createServices({
    config,
    db: store.db,
    temporal: link,
    encryptionKey,
    log,
    simulator,
    now: () => NOW,
  })
}

const play = (product: Services) =>
  prepareDemo(product, simulator, { simulatorUrl: 'http://127.0.0.1:9', callbackBase: 'http://127.0.0.1:9' })
const stateOf = async (product: Services) => {
  const found = await product.accounts.find(DEMO_APP_ID)
  return [found?.state, found?.stateReason]
}

/** What anybody can send who has read this repository. */
async function forge(product: Services, token = PUBLIC_TOKEN): Promise<[asked: number, followed: number]> {
  const timestamp = String(NOW / 1000)
  const query = { timestamp, nonce: 'n', signature: signatureOf(token, timestamp, 'n'), echostr: 'test' }
  const asked = await product.callbackApp.request(`/wechat/${DEMO_APP_ID}?${new URLSearchParams(query)}`)
  const follow = { ToUserName: 'gh_1', FromUserName: 'oForged', MsgType: 'event', Event: 'subscribe' }
  const push = simulator.account(DEMO_APP_ID).envelope({ ...follow, CreateTime: Number(timestamp) })
  const followed = await product.callbackApp.request(`/wechat/${DEMO_APP_ID}?${push.query}`, {
    method: 'POST',
    body: push.body,
  })
  return [asked.status, followed.status]
}

describe('the simulated account, whose secrets are public', () => {
  it('is served beside the simulator', async () => {
    const product = start({ simulator: true })
    await play(product)
    expect(await stateOf(product)).toEqual(['active', null])
    expect(await forge(product)).toEqual([200, 200])
  })

  it('is paused without the simulator, says why, and takes nothing', async () => {
    const product = start({})
    await suspendDemoAccounts(product)
    await product.reloadConfig()
    expect(await stateOf(product)).toEqual(['paused', expect.stringContaining('simulator is off')])
    expect(await forge(product)).toEqual([404, 404])
    // An operator who resumes it opens it for nobody.
    await product.accounts.setState(DEMO_APP_ID, 'active', null)
    await product.reloadConfig()
    expect(await forge(product)).toEqual([404, 404])
    expect(await store.db.select().from(inbox)).toEqual([])
  })

  it('goes on with the simulator', async () => {
    await suspendDemoAccounts(start({}))
    const product = start({ simulator: true })
    await play(product)
    expect(await stateOf(product)).toEqual(['active', null])
    expect(await forge(product)).toEqual([200, 200])
  })

  it.each([
    ['an operator', 'paused', 'paused by operator'],
    ['WeChat', 'blocked', '48001 api unauthorized'],
  ] as const)('stays stopped where %s has stopped it', async (_, state, reason) => {
    const product = start({})
    await product.accounts.setState(DEMO_APP_ID, state, reason)
    await suspendDemoAccounts(product)
    expect(await stateOf(product)).toEqual([state, reason])
    await play(start({ simulator: true }))
    expect(await stateOf(product)).toEqual([state, reason])
  })

  it('is paused also where a stop of WeChat’s would end by itself', async () => {
    const product = start({})
    await product.accounts.setState(
      DEMO_APP_ID,
      'quota-exhausted',
      '45009 reach max api daily quota',
      NOW + 1,
    )
    await suspendDemoAccounts(product)
    expect(await stateOf(product)).toEqual(['paused', expect.stringContaining('simulator is off')])
  })

  it('is the operator’s once its token was changed: the public one opens nothing, not for the day of a change either', async () => {
    const product = start({})
    await product.accounts.patch(DEMO_APP_ID, { token: 'test-token-of-an-operator' })
    await suspendDemoAccounts(product)
    await product.reloadConfig()
    expect(await stateOf(product)).toEqual(['active', null])
    expect(await forge(product)).toEqual([401, 401])
    expect((await forge(product, 'test-token-of-an-operator'))[0]).toBe(200)
  })
})
