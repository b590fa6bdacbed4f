import { createHash, randomInt } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ACTIONS } from '../../src/simulator/callbacks/action-catalog.ts'
import { API_CASES } from './api-cases.ts'
import { appIdOf, CAMPAIGN_REPLIES, type CallbackServer, startCallbackServer } from './callback-server.ts'
import { COMPONENT_CASES } from './component-cases.ts'
import { type Prepared, prepare, type Toolchain } from './prepare-sdk.ts'
import { everyPush, type Fields, PUSH_CASES, type PushCase, REPLY_CASES } from './push-cases.ts'
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

/** An SDK that others wrote, and what it does not do: each omission is the SDK's own. */
export interface Sdk {
  /** With its version, as its registry has it. */
  name: string
  toolchain: Toolchain
  harness: string
  /** The calls that it offers of what the simulator plays; the harness must say the same. */
  operations: string[]
  /** Formats of callbacks that its server reads. */
  formats: Format[]
  /** Fields that its message type has no place for, by act; `json:ACT`: in JSON only. */
  ignores?: Record<string, string[]>
  /** Acts that it does not understand in a format, because it takes other types. */
  cannotRead?: Partial<Record<Format, string[]>>
  /** Replies that it cannot make. */
  cannotReply?: string[]
  /** Cases of calls that it makes or reads otherwise than WeChat's pages have them, and how. */
  fails?: Record<string, string>
  /** It answers WeChat's check of the address without looking at the signature, or leaves that to its user. */
  trustsEchostr?: true
  /** It fetches a new token by itself when WeChat refuses the old one. */
  refreshesTokens?: true
  /** It serves a third-party platform's pushes. */
  platform?: true
}

/** Every test of one SDK, against the simulator and the product. */
export async function describeSdk(sdk: Sdk): Promise<void> {
  const prepared = await prepare(sdk.toolchain, sdk.harness)
  const title = 'missing' in prepared ? `${sdk.name} (skipped: ${prepared.missing.slice(0, 200)})` : sdk.name
  describe.skipIf('missing' in prepared)(title, () => {
    const at = {} as { wechat: WeChat; product: CallbackServer; harness: Harness; server: string }
    beforeAll(async () => {
      at.wechat = await startSimulatedWeChat()
      at.product = await startCallbackServer()
      // Skipped unless it is there.
      at.harness = startHarness(prepared as Prepared)
      await configure(at)
      const { url } = await at.harness.call<{ url: string }>('serve')
      at.server = url
    })
    afterAll(async () => {
      await at.harness?.stop()
      await at.product?.close()
      await at.wechat?.close()
    })

    it('offers the calls that this suite knows of', async () => {
      expect(await at.harness.call('operations')).toEqual([...sdk.operations].sort())
      const known = new Set(
        [...API_CASES, ...COMPONENT_CASES].filter((c) => fits(sdk, c)).flatMap((c) => c.needs),
      )
      expect(sdk.operations.filter((op) => !known.has(op))).toEqual([])
    })
    describe("as a client of WeChat's", () => asClient(sdk, at))
    describe('as a callback server', () => asServer(sdk, at))
    if (sdk.platform) describe('as a platform', () => asPlatform(sdk, at))
    describe('as a client of the product', () => asWeChat(sdk, at))
  })
}

interface At {
  wechat: WeChat
  product: CallbackServer
  harness: Harness
  server: string
}

const fits = (sdk: Sdk, { needs }: { needs: string[] }) => needs.every((op) => sdk.operations.includes(op))
const configure = ({ harness, wechat }: At, account = ACCOUNT) =>
  harness.call('configure', { apiBase: wechat.url, account, platform: PLATFORM })

function asClient(sdk: Sdk, at: At): void {
  for (const { name, run } of API_CASES.filter((c) => fits(sdk, c))) {
    const reason = sdk.fails?.[name]
    if (reason) it.fails(`${name}: not possible, ${reason}`, async () => run(at.harness, at.wechat))
    else it(name, async () => run(at.harness, at.wechat))
  }
  it('reads that its secret is wrong', async () => {
    await configure(at, { ...ACCOUNT, appSecret: 'test-another-secret' })
    const refused = await at.harness.call('token').catch((err: unknown) => err)
    await configure(at)
    expect(String(refused)).toMatch(/40125|invalid appsecret/)
  })
  if (!sdk.refreshesTokens) return
  it('fetches a new token when the old one is over', async () => {
    await at.harness.call('user.info', { openId: await at.wechat.newFollower() })
    at.wechat.simulator.wechat.tokens.get(ACCOUNT.appId)?.expire()
    const openId = await at.wechat.newFollower()
    expect(await at.harness.call('user.info', { openId })).toMatchObject({ openid: openId })
  })
}

function asServer(sdk: Sdk, at: At): void {
  const ways = MODES.flatMap((mode) => sdk.formats.map((format) => ({ mode, format })))
  it('is told of every act that the simulator plays', () => {
    const covered = new Set(PUSH_CASES.map((c) => c.act.do))
    expect(Object.keys(ACTIONS).filter((name) => !covered.has(name))).toEqual([])
  })
  for (const { mode, format } of ways)
    describe(`in ${mode} mode, as ${format}`, () => {
      let openId = ''
      beforeAll(async () => {
        await at.harness.call('reply')
        at.wechat.pushTo(at.server, mode, format)
        openId = `oInteropPush${mode}${format}`.padEnd(28, '0')
      })
      const pushes = PUSH_CASES.filter((c) => !sdk.cannotRead?.[format]?.includes(c.act.do))
      it.each(pushes.map((c) => [nameOf(c), c] as const))('reads %s', async (_, pushed) => {
        const result = await act(at, openId, pushed.act)
        const received = await at.harness.call<Fields[]>('received')
        expect(result).toMatchObject({ ok: true, attempts: 1 })
        const expected: Fields = { ...everyPush(openId, !pushed.event), ...pushed.reads }
        const { ignores = {} } = sdk
        const names = [pushed.act.do, `${format}:${pushed.act.do}`].flatMap((name) => ignores[name] ?? [])
        for (const field of names) delete expected[field]
        expect(received.map(comparable)).toMatchObject([comparable(expected)])
      })
      const replies = REPLY_CASES.filter((r) => !sdk.cannotReply?.includes(r.name))
      it.each(replies.map((r) => [r.name, r] as const))('answers with %s', async (_, r) => {
        await at.harness.call('reply', { reply: r.plan })
        const result = await act(at, openId, { do: 'type', text: '你好' })
        await at.harness.call('reply')
        await at.harness.call('received')
        expect(result).toMatchObject({
          ok: true,
          attempts: 1,
          passiveReply: { msgType: r.msgType, fields: r.fields },
        })
      })
    })
  it('answers the check of its address', async () => {
    const answer = await fetch(`${at.server}/plain?${echoQuery(ACCOUNT.token, 'an-echo-4711')}`)
    expect([answer.status, await answer.text()]).toEqual([200, 'an-echo-4711'])
  })
  if (sdk.trustsEchostr) return
  it('refuses a check with a wrong signature', async () => {
    const answer = await fetch(`${at.server}/plain?${echoQuery('another-token', 'an-echo-4711')}`)
    expect(await answer.text()).not.toBe('an-echo-4711')
  })
}

function asPlatform(sdk: Sdk, at: At): void {
  for (const { name, run } of COMPONENT_CASES.filter((c) => fits(sdk, c)))
    it(name, async () => run(at.harness, at.wechat, at.server))
}

/** The product's callback server gets what the SDK's own crypto signed and sealed. */
function asWeChat(sdk: Sdk, at: At): void {
  describe.each(MODES)('in %s mode', (mode) => {
    beforeAll(() => configure(at, { ...ACCOUNT, appId: appIdOf(mode) }))
    afterAll(() => configure(at))

    it.each(PRODUCT_PUSHES)('has its %s accepted', async (name, fields, stored) => {
      const openId = `oInteropSealed${mode}${name}`.padEnd(28, '0')
      const answer = await post(at, mode, { FromUserName: openId, ...fields })
      expect(answer.status).toBe(200)
      expect(await at.product.storedCallbacks(openId)).toBe(stored)
    })
    it.each(Object.entries(CAMPAIGN_REPLIES))(
      'opens a %s that the product answers with',
      async (kind, { reads }) => {
        const openId = `oInteropAnswered${mode}${kind}`.padEnd(28, '0')
        const scanned = { FromUserName: openId, MsgType: 'event', Event: 'SCAN', EventKey: `interop-${kind}` }
        const answer = await post(at, mode, scanned)
        expect(answer.body.includes('<Encrypt>')).toBe(mode !== 'plain')
        const opened = await at.harness.call<Fields>('open', { body: answer.body })
        expect(comparable(opened)).toMatchObject(
          comparable({ ToUserName: openId, FromUserName: ORIGINAL_ID, ...reads }),
        )
      },
    )
    it('opens the answer that hands a message to the agents', async () => {
      const openId = `oInteropTransferred${mode}`.padEnd(28, '0')
      const text = { FromUserName: openId, MsgType: 'text', Content: '有人吗', MsgId: newId() }
      const { body } = await post(at, mode, text)
      expect(await at.harness.call('open', { body })).toMatchObject({ MsgType: 'transfer_customer_service' })
    })
    it('is refused when it signs with another token', async () => {
      await configure(at, { ...ACCOUNT, appId: appIdOf(mode), token: 'another-token' })
      const openId = `oInteropForged${mode}`.padEnd(28, '0')
      const answer = await post(at, mode, { FromUserName: openId, MsgType: 'event', Event: 'subscribe' })
      await configure(at, { ...ACCOUNT, appId: appIdOf(mode) })
      expect(answer.status).toBe(401)
      expect(await at.product.storedCallbacks(openId)).toBe(0)
    })
    it('has its check of the address answered', async () => {
      const { query } = await encrypt(at, 'plain', { MsgType: 'event' })
      const answer = await fetch(`${at.product.urlOf(mode)}?${query}&echostr=an-echo-4711`)
      expect([answer.status, await answer.text()]).toEqual([200, 'an-echo-4711'])
    })
  })
  if (!sdk.platform) return
  it("has a platform's ticket accepted", async () => {
    const fields = {
      AppId: PLATFORM.appId,
      InfoType: 'component_verify_ticket',
      ComponentVerifyTicket: 'ticket@@@test',
    }
    const { query, body } = await encrypt(at, 'security', fields, { platform: true, to: PLATFORM.appId })
    const answer = await fetch(`${at.product.platformUrl}?${query}`, { method: 'POST', body })
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
/** They open nothing and begin nothing: answered, counted, and not stored. */
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

/** As somebody with a shell does it. */
async function act(at: At, openId: string, body: Fields): Promise<unknown> {
  const answer = await fetch(`${at.wechat.url}/_sim/${ACCOUNT.appId}/${openId}/act`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return answer.json()
}

async function encrypt(at: At, mode: Mode, fields: Fields, more: Fields = {}) {
  const created = { ToUserName: ORIGINAL_ID, CreateTime: String(Math.floor(Date.now() / 1000)), ...fields }
  const xml = `<xml>${Object.entries(created)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`
  return at.harness.call<{ query: string; body: string }>('seal', {
    mode,
    xml,
    to: ORIGINAL_ID,
    timestamp: String(Math.floor(Date.now() / 1000)),
    nonce: String(randomInt(1_000_000_000)),
    ...more,
  })
}

async function post(at: At, mode: Mode, fields: Fields): Promise<{ status: number; body: string }> {
  const { query, body } = await encrypt(at, mode, fields)
  const headers = { 'content-type': 'text/xml' }
  const answer = await fetch(`${at.product.urlOf(mode)}?${query}`, { method: 'POST', headers, body })
  return { status: answer.status, body: await answer.text() }
}

/** WeChat's GET to an address that somebody enters. */
function echoQuery(token: string, echostr: string): URLSearchParams {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = String(randomInt(1_000_000_000))
  const signature = createHash('sha1').update([token, timestamp, nonce].sort().join('')).digest('hex')
  return new URLSearchParams({ signature, timestamp, nonce, echostr })
}

/** SDKs differ in types, in the case of an event's name, and in how deep a list lies: leaves become texts. */
function comparable(value: unknown): Fields {
  const leaf = (v: unknown): unknown => {
    if (typeof v === 'number' || typeof v === 'bigint') return String(v)
    if (Array.isArray(v)) return v.length === 1 ? leaf(v[0]) : v.map(leaf)
    // Matchers stay as they are.
    if (typeof v !== 'object' || v === null || '$$typeof' in v) return v
    const entries = Object.entries(v)
    const [only] = entries
    if (only && entries.length === 1 && ['item', 'List'].includes(only[0])) return leaf(only[1])
    return Object.fromEntries(entries.map(([k, x]) => [k, leaf(x)]))
  }
  const fields = leaf(value) as Fields
  return typeof fields.Event === 'string' ? { ...fields, Event: fields.Event.toLowerCase() } : fields
}
