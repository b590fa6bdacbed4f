import { createHash, randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACTIONS } from '../../src/simulator/callbacks/action-catalog.ts'
import { API_CASES } from './api-cases.ts'
import { appIdOf, CAMPAIGN_REPLIES, type CallbackServer, startCallbackServer } from './callback-server.ts'
import { COMPONENT_CASES } from './component-cases.ts'
import { type Prepared, prepare, type Toolchain } from './prepare-sdk.ts'
import { commonFields, type Fields, PUSH_CASES, type PushCase, REPLY_CASES } from './push-cases.ts'
import { type Harness, startHarness } from './sdk-harness.ts'
import {
  ACCOUNT,
  type Format,
  MODES,
  type Mode,
  ORIGINAL_ID,
  PLATFORM,
  startSimulatedWeChat,
  type WeChat,
} from './simulated-wechat.ts'

/** A third-party SDK. The omissions below are its own, not the product's or the simulator's. */
export interface Sdk {
  /** The name and version in its package registry. */
  name: string
  toolchain: Toolchain
  harness: string
  /** The simulated calls that it offers. The harness must report the same list. */
  operations: string[]
  /** The callback formats that its server reads. */
  formats: Format[]
  /** Fields that its message type does not have, by action. `json:ACTION` applies to JSON only. */
  ignores?: Record<string, string[]>
  /** Actions that it cannot read in a format, because it expects other types. */
  cannotRead?: Partial<Record<Format, string[]>>
  /** Passive replies that it cannot create. */
  cannotReply?: string[]
  /** The cases in which it differs from WeChat's documentation, with the difference. */
  fails?: Record<string, string>
  /** It answers WeChat's URL check without a check of the signature, or leaves that check to its user. */
  trustsEchostr?: true
  /** It fetches a new token when WeChat rejects the old one. */
  refreshesTokens?: true
  /** It handles the callbacks of a third-party platform. */
  platform?: true
}

/** Defines all tests of one SDK, against the simulator and the product. */
export async function describeSdk(sdk: Sdk): Promise<void> {
  const prepared = await prepare(sdk.toolchain, sdk.harness)
  const title = 'missing' in prepared ? `${sdk.name} (skipped: ${prepared.missing.slice(0, 200)})` : sdk.name
  describe.skipIf('missing' in prepared)(title, () => {
    const setup = {} as { wechat: WeChat; product: CallbackServer; harness: Harness; server: string }
    beforeAll(async () => {
      setup.wechat = await startSimulatedWeChat()
      setup.product = await startCallbackServer()
      // The suite is skipped if the SDK is missing.
      setup.harness = startHarness(prepared as Prepared)
      await configure(setup)
      const { url } = await setup.harness.call<{ url: string }>('serve')
      setup.server = url
    })
    afterAll(async () => {
      await setup.harness?.stop()
      await setup.product?.close()
      await setup.wechat?.close()
    })

    it('offers exactly the listed calls, and each has a test', async () => {
      expect(await setup.harness.call('operations')).toEqual([...sdk.operations].sort())
      const known = new Set(
        [...API_CASES, ...COMPONENT_CASES].filter((c) => fits(sdk, c)).flatMap((c) => c.needs),
      )
      expect(sdk.operations.filter((op) => !known.has(op))).toEqual([])
    })
    describe('as a WeChat client', () => describeClient(sdk, setup))
    describe('as a callback server', () => describeServer(sdk, setup))
    if (sdk.platform) describe('as a third-party platform', () => describePlatform(sdk, setup))
    describe('as a client of the product', () => describeProductClient(sdk, setup))
  })
}

interface Setup {
  wechat: WeChat
  product: CallbackServer
  harness: Harness
  server: string
}

const fits = (sdk: Sdk, { needs }: { needs: string[] }) => needs.every((op) => sdk.operations.includes(op))
const configure = ({ harness, wechat }: Setup, account = ACCOUNT) =>
  harness.call('configure', { apiBase: wechat.url, account, platform: PLATFORM })

function describeClient(sdk: Sdk, setup: Setup): void {
  for (const { name, run } of API_CASES.filter((c) => fits(sdk, c))) {
    const reason = sdk.fails?.[name]
    if (reason) it.fails(`${name}: not possible, ${reason}`, async () => run(setup.harness, setup.wechat))
    else it(name, async () => run(setup.harness, setup.wechat))
  }
  it('reports a wrong secret', async () => {
    await configure(setup, { ...ACCOUNT, appSecret: 'test-another-secret' })
    const refused = await setup.harness.call('token').catch((err: unknown) => err)
    await configure(setup)
    expect(String(refused)).toMatch(/40125|invalid appsecret/)
  })
  if (!sdk.refreshesTokens) return
  it('fetches a new token when the old one has expired', async () => {
    await setup.harness.call('user.info', { openId: await setup.wechat.newFollower() })
    setup.wechat.simulator.wechat.tokens.get(ACCOUNT.appId)?.expire()
    const openId = await setup.wechat.newFollower()
    expect(await setup.harness.call('user.info', { openId })).toMatchObject({ openid: openId })
  })
}

function describeServer(sdk: Sdk, setup: Setup): void {
  const ways = MODES.flatMap((mode) => sdk.formats.map((format) => ({ mode, format })))
  it('is tested with every action of the simulator', () => {
    const covered = new Set(PUSH_CASES.map((c) => c.act.do))
    expect(Object.keys(ACTIONS).filter((name) => !covered.has(name))).toEqual([])
  })
  for (const { mode, format } of ways)
    describe(`in ${mode} mode, as ${format}`, () => {
      let openId = ''
      beforeAll(async () => {
        await setup.harness.call('reply')
        setup.wechat.pushTo(setup.server, mode, format)
        openId = `oInteropPush${mode}${format}`.padEnd(28, '0')
      })
      const pushes = PUSH_CASES.filter((c) => !sdk.cannotRead?.[format]?.includes(c.act.do))
      it.each(pushes.map((c) => [nameOf(c), c] as const))('reads %s', async (_, pushed) => {
        const result = await act(setup, openId, pushed.act)
        const received = await setup.harness.call<Fields[]>('received')
        expect(result).toMatchObject({ ok: true, attempts: 1 })
        const expected: Fields = { ...commonFields(openId, !pushed.event), ...pushed.reads }
        const { ignores = {} } = sdk
        const names = [pushed.act.do, `${format}:${pushed.act.do}`].flatMap((name) => ignores[name] ?? [])
        for (const field of names) delete expected[field]
        expect(received.map(comparable)).toMatchObject([comparable(expected)])
      })
      const replies = REPLY_CASES.filter((r) => !sdk.cannotReply?.includes(r.name))
      it.each(replies.map((r) => [r.name, r] as const))('answers with %s', async (_, r) => {
        await setup.harness.call('reply', { reply: r.plan })
        const result = await act(setup, openId, { do: 'type', text: '你好' })
        await setup.harness.call('reply')
        await setup.harness.call('received')
        expect(result).toMatchObject({
          ok: true,
          attempts: 1,
          passiveReply: { msgType: r.msgType, fields: r.fields },
        })
      })
    })
  it('answers the URL check', async () => {
    const answer = await fetch(`${setup.server}/plain?${echoQuery(ACCOUNT.token, 'an-echo-4711')}`)
    expect([answer.status, await answer.text()]).toEqual([200, 'an-echo-4711'])
  })
  if (sdk.trustsEchostr) return
  it('rejects a URL check with a wrong signature', async () => {
    const answer = await fetch(`${setup.server}/plain?${echoQuery('another-token', 'an-echo-4711')}`)
    expect(await answer.text()).not.toBe('an-echo-4711')
  })
}

function describePlatform(sdk: Sdk, setup: Setup): void {
  for (const { name, run } of COMPONENT_CASES.filter((c) => fits(sdk, c)))
    it(name, async () => run(setup.harness, setup.wechat, setup.server))
}

/** Sends callbacks that the SDK signed and encrypted to the product's callback server. */
function describeProductClient(sdk: Sdk, setup: Setup): void {
  describe.each(MODES)('in %s mode', (mode) => {
    beforeAll(() => configure(setup, { ...ACCOUNT, appId: appIdOf(mode) }))
    afterAll(() => configure(setup))

    it.each(PRODUCT_PUSHES)('sends a %s that the product accepts', async (name, fields, stored) => {
      const openId = `oInteropSealed${mode}${name}`.padEnd(28, '0')
      const answer = await post(setup, mode, { FromUserName: openId, ...fields })
      expect(answer.status).toBe(200)
      expect(await setup.product.storedCallbacks(openId)).toBe(stored)
    })
    it.each(Object.entries(CAMPAIGN_REPLIES))(
      'decrypts a %s reply of the product',
      async (kind, { reads }) => {
        const openId = `oInteropAnswered${mode}${kind}`.padEnd(28, '0')
        const scanned = { FromUserName: openId, MsgType: 'event', Event: 'SCAN', EventKey: `interop-${kind}` }
        const answer = await post(setup, mode, scanned)
        expect(answer.body.includes('<Encrypt>')).toBe(mode !== 'plain')
        const opened = await setup.harness.call<Fields>('open', { body: answer.body })
        expect(comparable(opened)).toMatchObject(
          comparable({ ToUserName: openId, FromUserName: ORIGINAL_ID, ...reads }),
        )
      },
    )
    it('decrypts the reply that transfers a message to the agents', async () => {
      const openId = `oInteropTransferred${mode}`.padEnd(28, '0')
      const text = { FromUserName: openId, MsgType: 'text', Content: '有人吗', MsgId: newId() }
      const { body } = await post(setup, mode, text)
      expect(await setup.harness.call('open', { body })).toMatchObject({
        MsgType: 'transfer_customer_service',
      })
    })
    it('is rejected if it signs with another token', async () => {
      await configure(setup, { ...ACCOUNT, appId: appIdOf(mode), token: 'another-token' })
      const openId = `oInteropForged${mode}`.padEnd(28, '0')
      const answer = await post(setup, mode, { FromUserName: openId, MsgType: 'event', Event: 'subscribe' })
      await configure(setup, { ...ACCOUNT, appId: appIdOf(mode) })
      expect(answer.status).toBe(401)
      expect(await setup.product.storedCallbacks(openId)).toBe(0)
    })
    it('gets an answer to its URL check', async () => {
      const { query } = await encrypt(setup, 'plain', { MsgType: 'event' })
      const answer = await fetch(`${setup.product.urlOf(mode)}?${query}&echostr=an-echo-4711`)
      expect([answer.status, await answer.text()]).toEqual([200, 'an-echo-4711'])
    })
  })
  if (!sdk.platform) return
  it('sends a platform ticket that the product accepts', async () => {
    const fields = {
      AppId: PLATFORM.appId,
      InfoType: 'component_verify_ticket',
      ComponentVerifyTicket: 'ticket@@@test',
    }
    const { query, body } = await encrypt(setup, 'security', fields, { platform: true, to: PLATFORM.appId })
    const answer = await fetch(`${setup.product.platformUrl}?${query}`, { method: 'POST', body })
    expect([answer.status, await answer.text()]).toEqual([200, 'success'])
  })
}

const newId = () => String(7_000_000_000_000_000_000n + BigInt(randomInt(2 ** 40)))
const MESSAGES: Fields[] = [
  { MsgType: 'text', Content: '你好 😀 <&>' },
  { MsgType: 'image', PicUrl: 'http://127.0.0.1/a.png', MediaId: 'test_media' },
  { MsgType: 'voice', MediaId: 'test_media', Format: 'amr', Recognition: '你好' },
  { MsgType: 'video', MediaId: 'test_media', ThumbMediaId: 'test_thumb' },
  { MsgType: 'shortvideo', MediaId: 'test_media', ThumbMediaId: 'test_thumb' },
  { MsgType: 'location', Location_X: '23.134521', Location_Y: '113.358803', Scale: '20', Label: '广州' },
  { MsgType: 'link', Title: '标题', Description: '说明', Url: 'https://example.com/?a=1&b=2' },
]
const EVENTS: Fields[] = [
  { Event: 'subscribe', EventKey: 'qrscene_expo', Ticket: 'test-ticket' },
  { Event: 'unsubscribe' },
  { Event: 'SCAN', EventKey: 'expo', Ticket: 'test-ticket' },
  { Event: 'LOCATION', Latitude: '23.137466', Longitude: '113.352425', Precision: '119.385040' },
  { Event: 'CLICK', EventKey: 'guide' },
  { Event: 'VIEW', EventKey: 'https://example.com/', MenuId: '433747234' },
  { Event: 'kf_create_session', KfAccount: 'test@agent' },
  { Event: 'kf_close_session', KfAccount: 'test@agent' },
]
/** The product answers and counts these events, but does not store them. */
const NOT_STORED = ['LOCATION', 'VIEW']
const PRODUCT_PUSHES: [name: string, fields: Fields, stored: number][] = [
  ...MESSAGES.map((f): [string, Fields, number] => [String(f.MsgType), { ...f, MsgId: newId() }, 1]),
  ...EVENTS.map((f): [string, Fields, number] => {
    const name = String(f.Event)
    return [name, { MsgType: 'event', ...f }, NOT_STORED.includes(name) ? 0 : 1]
  }),
]

const nameOf = ({ act: { do: name, ...args } }: PushCase) =>
  [name, ...Object.keys(args).filter((key) => key === 'qrScene')].join(' with ')

/** Performs a simulator action over HTTP. */
async function act(setup: Setup, openId: string, body: Fields): Promise<unknown> {
  const answer = await fetch(`${setup.wechat.url}/_sim/${ACCOUNT.appId}/${openId}/act`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return answer.json()
}

async function encrypt(setup: Setup, mode: Mode, fields: Fields, more: Fields = {}) {
  const created = { ToUserName: ORIGINAL_ID, CreateTime: String(Math.floor(Date.now() / 1000)), ...fields }
  const xml = `<xml>${Object.entries(created)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`
  return setup.harness.call<{ query: string; body: string }>('seal', {
    mode,
    xml,
    to: ORIGINAL_ID,
    timestamp: String(Math.floor(Date.now() / 1000)),
    nonce: String(randomInt(1_000_000_000)),
    ...more,
  })
}

async function post(setup: Setup, mode: Mode, fields: Fields): Promise<{ status: number; body: string }> {
  const { query, body } = await encrypt(setup, mode, fields)
  const headers = { 'content-type': 'text/xml' }
  const answer = await fetch(`${setup.product.urlOf(mode)}?${query}`, { method: 'POST', headers, body })
  return { status: answer.status, body: await answer.text() }
}

/** The query of WeChat's URL check, which it sends when an owner enters a callback URL. */
function echoQuery(token: string, echostr: string): URLSearchParams {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = String(randomInt(1_000_000_000))
  const signature = createHash('sha1').update([token, timestamp, nonce].sort().join('')).digest('hex')
  return new URLSearchParams({ signature, timestamp, nonce, echostr })
}

/** Removes differences between SDKs: value types, the case of event names, and the nesting of lists. */
function comparable(value: unknown): Fields {
  const leaf = (v: unknown): unknown => {
    if (typeof v === 'number' || typeof v === 'bigint') return String(v)
    if (Array.isArray(v)) return v.length === 1 ? leaf(v[0]) : v.map(leaf)
    // Keeps Vitest matchers unchanged.
    if (typeof v !== 'object' || v === null || '$$typeof' in v) return v
    const entries = Object.entries(v)
    const [only] = entries
    if (only && entries.length === 1 && ['item', 'List'].includes(only[0])) return leaf(only[1])
    return Object.fromEntries(entries.map(([k, x]) => [k, leaf(x)]))
  }
  const fields = leaf(value) as Fields
  return typeof fields.Event === 'string' ? { ...fields, Event: fields.Event.toLowerCase() } : fields
}
