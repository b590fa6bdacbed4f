import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as wecom from '@wecom/crypto'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { envelope } from '../../simulator/callbacks/envelope.ts'
import type { Forward } from '../../wechat/callback/outbound-envelope.ts'
import { createCallbackApp } from '../callback-app.ts'
import type { EventMatch, ReceivingAccount } from '../callback-deps.ts'
import { createForwarder } from './forward-event.ts'
import { forwardProblem } from './forward-problem.ts'

const APP = 'wxforward00000001'
const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const OLD_KEY = 'oldxoldxoldxoldxoldxoldxoldxoldxoldxoldxold'
const ACCOUNT = {
  appId: APP,
  token: 'test-token',
  encodingAesKey: KEY,
  originalId: 'gh_test',
  callbackUrl: '',
}
const TYPED = {
  ToUserName: 'gh_test',
  FromUserName: 'oTest',
  MsgType: 'text',
  Content: '你好',
  MsgId: '9007199254740993',
}

interface Received {
  query: URLSearchParams
  body: string
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

/** The system behind the second URL. `answer`: null leaves the request unanswered. */
async function forwardTarget(
  answer: (
    received: Received,
    req: IncomingMessage,
  ) => { status?: number; body: string; location?: string } | null,
) {
  const received: Received[] = []
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (part) => {
      body += part
    })
    req.on('end', () => {
      const call = { query: new URL(req.url ?? '', 'http://x').searchParams, body }
      received.push(call)
      const reply = answer(call, req)
      if (!reply) return
      res.writeHead(reply.status ?? 200, reply.location ? { location: reply.location } : {}).end(reply.body)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wechat` }
}

/** A callback app for an account with a second URL. `match`: the match of each event. */
function callback(
  forward: Partial<Forward> & { url: string },
  match: EventMatch = { start: null, reply: null },
) {
  const to: Forward = {
    token: 'old-token',
    encodingAesKey: OLD_KEY,
    mode: 'plain',
    useReply: false,
    ...forward,
  }
  const account: ReceivingAccount = {
    ...ACCOUNT,
    mode: 'security',
    name: '',
    timezone: 'Asia/Shanghai',
    humanAgents: false,
    variables: {},
    forward: to,
  }
  const counted: string[] = []
  const log = pino({ level: 'silent' })
  const count = (result: string) => counted.push(result)
  const rows: unknown[] = []
  const app = createCallbackApp({
    findAccount: async () => account,
    match: () => match,
    accept: async (row) => ({ fresh: true, id: rows.push(row), reply: row.reply }),
    forward: createForwarder({ allowPrivate: true, now: Date.now, log, count }),
    wakeDispatcher() {},
    onReceived() {},
    now: Date.now,
    maxAgeMs: 600_000,
    log,
    count() {},
  })
  return {
    counted,
    rows,
    async deliver(format: 'xml' | 'json' = 'xml') {
      const at = Math.floor(Date.now() / 1000)
      const { query, body } = envelope(
        { ...ACCOUNT, mode: 'security', format },
        { ...TYPED, CreateTime: at },
        at,
      )
      const answer = await app.request(`/wechat/${APP}?${query}`, { method: 'POST', body })
      return { status: answer.status, text: await answer.text() }
    },
  }
}

/** The decrypted passive reply. */
function opened(text: string): string {
  const sealed = /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(text)?.[1] ?? ''
  return wecom.decrypt(KEY, sealed).message
}

const until = async (ready: () => boolean) => {
  while (!ready()) await new Promise((resolve) => setTimeout(resolve, 5))
}
const replyTo = (content: string, to = 'oTest') =>
  `<xml><ToUserName>${to}</ToUserName><FromUserName>gh_test</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>${content}</Content></xml>`

describe('a second URL', () => {
  it.each(['plain', 'compatible', 'security'] as const)(
    'receives each event signed as WeChat signs it, in %s mode',
    async (mode) => {
      for (const format of ['xml', 'json'] as const) {
        const old = await forwardTarget(() => ({ body: 'success' }))
        const intake = callback({ url: old.url, mode })
        expect(await intake.deliver(format)).toEqual({ status: 200, text: 'success' })
        await until(() => intake.counted.length > 0)
        expect(intake.counted).toEqual(['ok'])
        const [{ query, body } = { query: new URLSearchParams(), body: '' }] = old.received
        const [timestamp = '', nonce = ''] = [query.get('timestamp'), query.get('nonce')].map((x) => x ?? '')
        expect(query.get('signature')).toBe(wecom.getSignature('old-token', timestamp, nonce, ''))
        expect(query.get('openid')).toBe('oTest')
        if (mode !== 'security') expect(body).toContain('9007199254740993')
        if (mode === 'plain') {
          expect(query.get('msg_signature')).toBeNull()
          expect(body).not.toContain('Encrypt')
          continue
        }
        const sealed =
          (format === 'json'
            ? (JSON.parse(body) as { Encrypt: string }).Encrypt
            : /<Encrypt><!\[CDATA\[(.*?)\]\]>/.exec(body)?.[1]) ?? ''
        expect(query.get('msg_signature')).toBe(wecom.getSignature('old-token', timestamp, nonce, sealed))
        const inner = wecom.decrypt(OLD_KEY, sealed)
        expect(inner.id).toBe(APP)
        expect(inner.message).toContain('9007199254740993')
        expect(body.includes('你好')).toBe(mode === 'compatible')
      }
    },
  )

  it('delays no callback when it does not answer, and loses no event when it is unreachable', async () => {
    const slow = await forwardTarget(() => null)
    const waiting = callback({ url: slow.url })
    expect((await waiting.deliver()).text).toBe('success')
    expect(waiting.counted).toEqual([])
    const dead = callback({ url: 'http://127.0.0.1:9/' })
    expect((await dead.deliver()).text).toBe('success')
    await until(() => dead.counted.length > 0)
    expect([dead.counted, dead.rows.length]).toEqual([['failed'], 1])
  })

  it('may answer the follower when no campaign replies', async () => {
    const old = await forwardTarget(() => ({ body: replyTo('老系统') }))
    const { text } = await callback({ url: old.url, useReply: true }).deliver()
    expect(opened(text)).toContain('老系统')
  })

  it.each(['plain', 'security'] as const)('may name a human agent, in %s mode', async (mode) => {
    for (const format of ['xml', 'json'] as const) {
      const inXml =
        '<xml><ToUserName>oTest</ToUserName><FromUserName>gh_test</FromUserName><CreateTime>1</CreateTime><MsgType>transfer_customer_service</MsgType><TransInfo><KfAccount>li@gh_test</KfAccount></TransInfo></xml>'
      const inJson = JSON.stringify({
        ToUserName: 'oTest',
        FromUserName: 'gh_test',
        CreateTime: 1,
        MsgType: 'transfer_customer_service',
        TransInfo: { KfAccount: 'li@gh_test' },
      })
      const reply = format === 'xml' ? inXml : inJson
      const old = await forwardTarget(({ query }) => {
        if (mode === 'plain') return { body: reply }
        const sealed = wecom.encrypt(OLD_KEY, reply, APP)
        const signature = wecom.getSignature('old-token', '1', query.get('nonce') ?? '', sealed)
        return { body: JSON.stringify({ Encrypt: sealed, MsgSignature: signature, TimeStamp: 1 }) }
      })
      const { text } = await callback({ url: old.url, useReply: true, mode }).deliver(format)
      const sealed =
        format === 'xml' ? text : `<Encrypt><![CDATA[${(JSON.parse(text) as { Encrypt: string }).Encrypt}]]>`
      expect(opened(sealed)).toContain(
        format === 'xml'
          ? '<TransInfo><KfAccount><![CDATA[li@gh_test]]></KfAccount></TransInfo>'
          : '"TransInfo":{"KfAccount":"li@gh_test"}',
      )
    }
  })

  it('may answer encrypted', async () => {
    const old = await forwardTarget(({ query }) => {
      const sealed = wecom.encrypt(OLD_KEY, replyTo('密'), APP)
      const signature = wecom.getSignature('old-token', '1', query.get('nonce') ?? '', sealed)
      return {
        body: `<xml><Encrypt>${sealed}</Encrypt><MsgSignature>${signature}</MsgSignature><TimeStamp>1</TimeStamp></xml>`,
      }
    })
    const { text } = await callback({ url: old.url, useReply: true, mode: 'security' }).deliver()
    expect(opened(text)).toContain('密')
  })

  it.each([
    ['for another follower', { body: replyTo('x', 'oOther') }],
    ['that is not XML', { body: 'Error 500:' }],
    ['that is not encrypted, in security mode', { body: replyTo('x') }],
    ['with another status', { status: 500, body: replyTo('x') }],
    ['that is a redirect', { status: 302, location: '/other', body: '' }],
  ])('has no effect with an answer %s', async (what, reply) => {
    const old = await forwardTarget(() => reply)
    const mode = what.includes('security') ? 'security' : 'plain'
    const intake = callback({ url: old.url, useReply: true, mode })
    expect(await intake.deliver()).toEqual({ status: 200, text: 'success' })
    expect(intake.counted).toEqual(['failed'])
    expect(old.received).toHaveLength(1)
  })

  it('receives the event, but a reply of a campaign takes precedence', async () => {
    const old = await forwardTarget(() => ({ body: replyTo('老系统') }))
    const match: EventMatch = { start: null, reply: { kind: 'text', content: '我们的' } }
    const { text } = await callback({ url: old.url, useReply: true }, match).deliver()
    expect(opened(text)).toContain('我们的')
  })

  it('has two seconds when its answer may be the reply', async () => {
    const old = await forwardTarget(() => null)
    const intake = callback({ url: old.url, useReply: true })
    expect((await intake.deliver()).text).toBe('success')
    expect(intake.counted).toEqual(['timeout'])
  })
})

/** Each kind of the registries, internal addresses of clouds, and each notation. */
const NOT_ON_INTERNET = [
  '0.0.0.0',
  '0.1.2.3',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.0.23',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::127.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::10.0.0.1',
  '64:ff9b:1:ffff::1',
  '100::1',
  '2001::1',
  '2001:0:7f00:1::1',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '2002:a9fe:a9fe::1',
  '3ffe::1',
  '3fff::1',
  '3fff:fff::1',
  '2606:2800:220:1:0:5efe:127.0.0.1',
  '2606:2800:220:1:200:5efe:a9fe:a9fe',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'feff::1',
  'ff02::1',
]
const ON_INTERNET = [
  '8.8.8.8',
  '93.184.216.34',
  '203.205.219.1',
  '2606:2800:220:1:248:1893:25c8:1946',
  '2606:2800:220:1:0:5efe:8.8.8.8',
  '3fff:1000::1',
  '2400:3200::1',
]
const urlOf = (address: string) => `http://${address.includes(':') ? `[${address}]` : address}/`
const FORWARD = { token: 't', encodingAesKey: null, mode: 'plain' as const, useReply: false }
const EVENT = { appId: APP, openId: 'o', toUserName: 'g', plain: '<xml></xml>', format: 'xml' as const }

describe('an address to forward to', () => {
  it.each([
    ...NOT_ON_INTERNET.map(urlOf),
    'http://localhost:80/',
    'http://LOCALHOST./',
    'http://old.localhost/',
    'http://localhost..../',
    'http://127.0.0.1..../',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0x7f.1/',
    'http://127.0.0.1./',
    'http://１２７.０.０.１/',
    'http://2852039166/',
    'https://[::ffff:a9fe:a9fe]/latest/meta-data/',
  ])('is refused when it is not public: %s', (url) => {
    expect(forwardProblem(url, false)).toContain('FORWARD_PRIVATE')
    expect(forwardProblem(url, true)).toBeNull()
  })

  it.each(ON_INTERNET)('is accepted when it is public: %s', (address) => {
    expect(forwardProblem(urlOf(address), false)).toBeNull()
  })

  it.each([...NOT_ON_INTERNET, 'fe80::1%eth0'])(
    'is refused at the connection when its name resolves to %s',
    async (address) => {
      const { counted, reasons } = await forwardTo('http://old.example:9/', [address])
      expect(counted).toEqual(['failed'])
      expect(reasons).toContain('not a public address')
    },
  )

  it('is refused when its name resolves to a public and a private address', async () => {
    const { reasons } = await forwardTo('http://old.example:9/', ['8.8.8.8', '10.0.0.1'])
    expect(reasons).toContain('10.0.0.1')
  })

  it('has its name resolved again for each connection, against DNS rebinding', async () => {
    const old = await forwardTarget(() => ({ body: 'success' }))
    const port = new URL(old.url).port
    let lookups = 0
    const { reasons } = await forwardTo(`http://rebound.example:${port}/`, () => {
      lookups += 1
      return ['127.0.0.1']
    })
    expect([lookups, old.received.length]).toEqual([1, 0])
    expect(reasons).toContain('127.0.0.1')
  })
})

/** Forwards one event while every name resolves to these addresses. */
async function forwardTo(url: string, addresses: string[] | (() => string[])) {
  const counted: string[] = []
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
  const lookup = ((_name: string, _options: object, done: (...answer: unknown[]) => void) => {
    const found = typeof addresses === 'function' ? addresses() : addresses
    done(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }) as never
  const count = (result: string) => counted.push(result)
  const forwarder = createForwarder({ allowPrivate: false, now: Date.now, log, count, lookup })
  await forwarder({ ...FORWARD, url }, EVENT)
  return { counted, reasons: lines.join() }
}
