import { createCipheriv } from 'node:crypto'
import * as wecom from '@wecom/crypto'
import { XMLParser } from 'fast-xml-parser'
import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { envelope, type Fields } from '../simulator/callbacks/envelope.ts'
import { newAccount, type SimAccountState } from '../simulator/state/model.ts'
import type { NewInboxRow } from '../store/inbox/inbox-rows.ts'
import type { PassiveReply } from '../wechat/callback/passive-reply.ts'
import { inboxKey } from './accept/store-event.ts'
import { createCallbackApp } from './callback-app.ts'
import type { CallbackDeps, EventMatch, ReceivingAccount } from './callback-deps.ts'

const APP = 'wxtest0000000001'
const GH = 'gh_test00000001'
const FOLLOWER = 'oTestFollower00000000000001'
const TOKEN = 'test-token'
const AES_KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const OTHER_KEY = 'otherotherotherotherotherotherotherotherothe'.slice(0, 43)
const NOW = Date.parse('2026-11-23T08:00:00Z')
const NOW_S = NOW / 1000
/** In every body, so that a log line that quotes a body is detected. */
const SECRET_WORDS = '只有粉丝和公众号知道'

type Mode = 'plain' | 'compatible' | 'security'
type Format = 'xml' | 'json'
const MODES: Mode[] = ['plain', 'compatible', 'security']
const SEALED_MODES: Mode[] = ['compatible', 'security']
const FORMATS: Format[] = ['xml', 'json']
const EVERY_WAY = MODES.flatMap((mode) => FORMATS.map((format) => ({ mode, format })))
const SEALED_WAYS = EVERY_WAY.filter(({ mode }) => mode !== 'plain')

const TEXT: Fields = {
  ToUserName: GH,
  FromUserName: FOLLOWER,
  CreateTime: NOW_S,
  MsgType: 'text',
  Content: SECRET_WORDS,
  MsgId: '9007199254740993001',
}
const FOLLOW: Fields = {
  ToUserName: GH,
  FromUserName: FOLLOWER,
  CreateTime: NOW_S,
  MsgType: 'event',
  Event: 'subscribe',
  EventKey: 'qrscene_expo',
}
const WELCOME: PassiveReply = { kind: 'text', content: '欢迎 & <你好> ]]>' }
const NOTHING: EventMatch = { start: null, reply: null }

/** WeChat's side of one account. */
function wechat(mode: Mode, format: Format): SimAccountState {
  return newAccount({
    appId: APP,
    appSecret: 'test-secret',
    token: TOKEN,
    encodingAesKey: AES_KEY,
    mode,
    format,
    originalId: GH,
    callbackUrl: '',
  })
}

/** A callback app over a store in memory, with a record of its effects. */
function intake(mode: Mode, deps: Partial<CallbackDeps> = {}) {
  const account: ReceivingAccount = {
    appId: APP,
    mode,
    token: TOKEN,
    encodingAesKey: mode === 'plain' ? null : AES_KEY,
    name: '测试账号',
    timezone: 'Asia/Shanghai',
    variables: {},
    humanAgents: false,
  }
  const rows: NewInboxRow[] = []
  const lines: string[] = []
  const counted: string[] = []
  const received: string[] = []
  const wakeUps: number[] = []
  const app = createCallbackApp({
    findAccount: async (appId) => (appId === APP ? account : null),
    match: () => NOTHING,
    async accept(row) {
      const known = rows.find((r) => r.dedupeKey === row.dedupeKey)
      if (known) return { fresh: false, reply: known.reply }
      rows.push(row)
      return { fresh: true, id: rows.length, reply: row.reply }
    },
    wakeDispatcher: () => wakeUps.push(rows.length),
    onReceived: (appId) => received.push(appId),
    now: () => NOW,
    maxAgeMs: 600_000,
    log: pino({ level: 'debug', base: undefined }, { write: (line: string) => lines.push(line) }),
    count: (result) => counted.push(result),
    ...deps,
  })
  const post = async (query: URLSearchParams | string, body: string | Uint8Array, appId = APP) =>
    app.request(`/wechat/${appId}?${query}`, { method: 'POST', body: Buffer.from(body) })
  return {
    app,
    rows,
    lines,
    counted,
    received,
    wakeUps,
    post,
    /** Delivers a callback as WeChat does for an account in this mode. */
    async deliver(format: Format, fields: Fields, timestamp = NOW_S) {
      const { query, body } = envelope(wechat(mode, format), fields, timestamp)
      return post(query, body)
    },
  }
}

type Intake = ReturnType<typeof intake>

/** The query of a callback whose body is written by hand. */
function signed(parts: { sealed?: string; token?: string; timestamp?: number }) {
  const { sealed = '', token = TOKEN, timestamp = NOW_S } = parts
  const query = new URLSearchParams({ timestamp: String(timestamp), nonce: '42' })
  query.set('signature', wecom.getSignature(token, timestamp, '42', ''))
  if (sealed) query.set('msg_signature', wecom.getSignature(token, timestamp, '42', sealed))
  return query
}

/** WeChat's POST body around a ciphertext. */
function outer(format: Format, sealed: string): string {
  return format === 'json'
    ? JSON.stringify({ ToUserName: GH, Encrypt: sealed })
    : `<xml><ToUserName><![CDATA[${GH}]]></ToUserName><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`
}

/** Sends exactly these bytes as the message, encrypted when the account's mode requires it. */
function deliverRaw(server: Intake, mode: Mode, format: Format, message: string | Buffer) {
  if (mode === 'plain') return server.post(signed({}), message)
  const sealed = seal(Buffer.from(message))
  return server.post(signed({ sealed }), outer(format, sealed))
}

/** WeChat's encryption, with a padding and an id that a test can replace. */
function seal(
  message: Buffer,
  { id = APP, pad = (bytes: Buffer) => bytes, encodingAesKey = AES_KEY } = {},
): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(message.length)
  const plain = Buffer.concat([Buffer.from('random-16-bytes!'), length, message, Buffer.from(id)])
  const missing = 32 - (plain.length % 32)
  const padded = Buffer.concat([plain, pad(Buffer.alloc(missing, missing))])
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64')
}

const parser = new XMLParser({ parseTagValue: false })
function fieldsOf(format: Format, text: string): Record<string, string> {
  return format === 'json' ? JSON.parse(text) : parser.parse(text).xml
}

/** The fields of a passive reply, decrypted as WeChat does. */
function openAnswer(mode: Mode, format: Format, text: string): Record<string, string> {
  const fields = fieldsOf(format, text)
  if (mode === 'plain') return fields
  const { message, id } = wecom.decrypt(AES_KEY, fields.Encrypt ?? '')
  expect(id).toBe(APP)
  return fieldsOf(format, message)
}

/** A message as WeChat writes it. */
function write(format: Format, fields: Fields): string {
  return envelope(wechat('plain', format), fields, NOW_S).body
}

/** The status of a signed message that cannot be read. For an encrypted one, 400 would reveal that it was decrypted. */
const unreadable = (mode: Mode) => (mode === 'plain' ? 400 : 401)

/** Expects a refusal with this status, one log line with the reason and without quotes of the body, and nothing stored. */
async function expectRefused(server: Intake, answer: Response, status: number, reason: RegExp) {
  expect(answer.status).toBe(status)
  expect(server.counted).toEqual(['refused'])
  expect(server.rows).toEqual([])
  expect(server.lines).toHaveLength(1)
  expect(JSON.parse(server.lines[0] ?? '{}')).toMatchObject({ status, reason: expect.stringMatching(reason) })
  const visible = server.lines[0] + (await answer.text())
  for (const word of [SECRET_WORDS, FOLLOWER, TOKEN, AES_KEY]) expect(visible).not.toContain(word)
}

afterEach(() => vi.useRealTimers())

describe('WeChat’s check of a callback URL', () => {
  const challenge = (token = TOKEN) => {
    const query = signed({ token })
    query.set('echostr', '5837397520665436492')
    return query
  }

  it.each(MODES)('echoes the plain challenge of an account in %s mode', async (mode) => {
    const server = intake(mode)
    const answer = await server.app.request(`/wechat/${APP}?${challenge()}`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('5837397520665436492')
    expect(server.counted).toEqual(['verified'])
    expect(server.received).toEqual([APP])
  })

  it.each(SEALED_MODES)('opens an encrypted challenge in %s mode', async (mode) => {
    const server = intake(mode)
    const sealed = wecom.encrypt(AES_KEY, 'echo me', APP)
    const query = signed({ sealed })
    query.delete('signature')
    query.set('echostr', sealed)
    const answer = await server.app.request(`/wechat/${APP}?${query}`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('echo me')
  })

  it.each(MODES)('does not echo what another token has signed (%s)', async (mode) => {
    const server = intake(mode)
    const answer = await server.app.request(`/wechat/${APP}?${challenge('other-token')}`)
    await expectRefused(server, answer, 401, /signature/)
    expect(server.received).toEqual([])
  })

  it('does not echo a challenge that was encrypted for another account', async () => {
    const server = intake('security')
    const sealed = wecom.encrypt(AES_KEY, 'echo me', 'wxother000000001')
    const query = signed({ sealed })
    query.delete('signature')
    query.set('echostr', sealed)
    await expectRefused(server, await server.app.request(`/wechat/${APP}?${query}`), 401, /another appId/)
  })

  it('is refused for an account that is not registered', async () => {
    const server = intake('plain')
    const answer = await server.app.request(`/wechat/wxunknown0000001?${challenge()}`)
    await expectRefused(server, answer, 404, /unknown appId/)
  })
})

describe.each(EVERY_WAY)('a callback in $mode mode, as $format', ({ mode, format }) => {
  it('is stored, and answered with success', async () => {
    const start = { campaign: 'welcome', version: 3, event: 'subscribe' as const }
    const server = intake(mode, { match: () => ({ start, reply: null }) })
    const answer = await server.deliver(format, FOLLOW)
    expect([answer.status, await answer.text()]).toEqual([200, 'success'])
    expect(server.rows).toEqual([
      {
        appId: APP,
        openId: FOLLOWER,
        dedupeKey: expect.stringMatching(/^[\w-]{32}$/),
        kind: 'subscribe',
        createTime: NOW,
        receivedAt: NOW,
        event: {
          kind: 'subscribe',
          scene: 'subscribe',
          text: null,
          qrScene: 'expo',
          eventKey: 'qrscene_expo',
          start,
        },
        reply: null,
      },
    ])
    expect(server.counted).toEqual(['accepted'])
    expect(server.wakeUps).toEqual([1])
    expect(server.received).toEqual([APP])
    expect(server.lines.map((l) => JSON.parse(l))).toMatchObject([
      { msg: 'callback accepted', key: server.rows[0]?.dedupeKey, campaign: 'welcome' },
    ])
    expect(server.lines.join('')).not.toContain(FOLLOWER)
  })

  it('is answered with the passive reply in the format and encryption of the request', async () => {
    const server = intake(mode, { match: () => ({ start: null, reply: WELCOME }) })
    const { query, body, nonce } = envelope(wechat(mode, format), TEXT, NOW_S)
    const answer = await server.post(query, body)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain(format)
    const text = await answer.text()
    if (mode !== 'plain') {
      const sealed = fieldsOf(format, text)
      expect(Object.keys(sealed).sort()).toEqual(['Encrypt', 'MsgSignature', 'Nonce', 'TimeStamp'])
      expect([String(sealed.TimeStamp), sealed.Nonce]).toEqual([String(NOW_S), nonce])
      expect(sealed.MsgSignature).toBe(wecom.getSignature(TOKEN, NOW_S, nonce, sealed.Encrypt ?? ''))
    }
    const fields = openAnswer(mode, format, text)
    expect(fields).toMatchObject({
      ToUserName: FOLLOWER,
      FromUserName: GH,
      MsgType: 'text',
      Content: '欢迎 & <你好> ]]>',
    })
    expect(String(fields.CreateTime)).toBe(String(NOW_S))
  })

  it('gets the first reply again when it is repeated, although another match would apply now', async () => {
    let reply: PassiveReply | null = WELCOME
    const server = intake(mode, { match: () => ({ start: null, reply }) })
    const first = openAnswer(mode, format, await (await server.deliver(format, TEXT)).text())
    reply = null
    const repeated = openAnswer(mode, format, await (await server.deliver(format, TEXT)).text())
    expect(first.Content).toBe('欢迎 & <你好> ]]>')
    expect(repeated).toEqual(first)
    expect(server.counted).toEqual(['accepted', 'duplicate'])
    expect(server.rows).toHaveLength(1)
    expect(server.wakeUps).toEqual([1])
  })

  it('gets no reply when it is repeated and had none, although a reply would match now', async () => {
    let reply: PassiveReply | null = null
    const server = intake(mode, { match: () => ({ start: null, reply }) })
    await server.deliver(format, FOLLOW)
    reply = WELCOME
    expect(await (await server.deliver(format, FOLLOW)).text()).toBe('success')
    expect(server.counted).toEqual(['accepted', 'duplicate'])
  })

  it.each<[string, PassiveReply]>([
    ['text', { kind: 'text', content: ' ' }],
    ['image', { kind: 'image', mediaId: '' }],
    ['news', { kind: 'news', articles: [] }],
  ])('is answered with success when the %s reply is empty', async (_kind, reply) => {
    const server = intake(mode, { match: () => ({ start: null, reply }) })
    for (const counted of ['accepted', 'duplicate']) {
      const answer = await server.deliver(format, FOLLOW)
      expect([answer.status, await answer.text()]).toEqual([200, 'success'])
      expect(server.counted.at(-1)).toBe(counted)
    }
  })

  it('is an ordinary message when its type is not in the guide', async () => {
    const server = intake(mode)
    const file = { ...TEXT, MsgType: 'file', Title: SECRET_WORDS, FileKey: 'k', FileTotalLen: 1 }
    for (const fields of [file, { ...TEXT, MsgType: 'hologram', MsgId: '2' }]) {
      expect((await server.deliver(format, fields)).status).toBe(200)
    }
    expect(server.counted).toEqual(['accepted', 'accepted'])
    expect(server.rows.map((r) => [r.kind, r.event.scene, r.event.text])).toEqual([
      ['file', 'message', null],
      ['other_message', 'message', null],
    ])
  })

  it('is distinguished by the last digit of a 64-bit MsgId', async () => {
    const server = intake(mode)
    await server.deliver(format, { ...TEXT, MsgId: '9007199254740993001' })
    await server.deliver(format, { ...TEXT, MsgId: '9007199254740993002' })
    expect(server.counted).toEqual(['accepted', 'accepted'])
  })

  it('is refused when another token signed it', async () => {
    const server = intake(mode)
    const { query, body } = envelope({ ...wechat(mode, format), token: 'other-token' }, TEXT, NOW_S)
    await expectRefused(server, await server.post(query, body), 401, /signature/)
    expect(server.received).toEqual([])
  })

  it('is refused without any signature', async () => {
    const server = intake(mode)
    const { query, body } = envelope(wechat(mode, format), TEXT, NOW_S)
    query.delete('signature')
    query.delete('msg_signature')
    await expectRefused(server, await server.post(query, body), 401, /signature/)
  })

  it('is accepted at the age limit and refused a second later', async () => {
    const server = intake(mode)
    expect((await server.deliver(format, TEXT, NOW_S - 600)).status).toBe(200)
    const late = intake(mode)
    await expectRefused(late, await late.deliver(format, TEXT, NOW_S - 601), 401, /timestamp/)
  })

  it('is refused when its timestamp is far ahead, or not a number', async () => {
    const ahead = intake(mode)
    await expectRefused(ahead, await ahead.deliver(format, TEXT, NOW_S + 601), 401, /timestamp/)
    const nonsense = intake(mode)
    await expectRefused(nonsense, await nonsense.deliver(format, TEXT, Number.NaN), 401, /timestamp/)
  })

  it('is accepted at any age when CALLBACK_MAX_AGE is 0', async () => {
    const server = intake(mode, { maxAgeMs: 0 })
    expect((await server.deliver(format, TEXT, NOW_S - 365 * 86_400)).status).toBe(200)
    expect(server.counted).toEqual(['accepted'])
  })

  it.each(['FromUserName', 'CreateTime'])('is refused without %s', async (name) => {
    const server = intake(mode)
    const { [name]: _, ...rest } = TEXT
    await expectRefused(server, await server.deliver(format, rest), unreadable(mode), new RegExp(name))
  })

  it('is refused when its CreateTime is not a number', async () => {
    const server = intake(mode)
    await expectRefused(
      server,
      await server.deliver(format, { ...TEXT, CreateTime: '1e9' }),
      unreadable(mode),
      /CreateTime/,
    )
  })

  it('is refused when its bytes are not UTF-8', async () => {
    const server = intake(mode)
    const bytes = Buffer.from(write(format, { ...TEXT, Content: `${SECRET_WORDS}#` }))
    bytes[bytes.indexOf('#')] = 0xff
    await expectRefused(server, await deliverRaw(server, mode, format, bytes), unreadable(mode), /UTF-8/)
  })

  it('is answered with success and counted when its kind is unknown', async () => {
    const server = intake(mode)
    const event = { ...FOLLOW, Event: 'brand_new_event', EventKey: SECRET_WORDS }
    const { MsgId: _, ...withoutId } = TEXT
    const message = { ...withoutId, MsgType: 'hologram' }
    for (const fields of [event, message]) {
      const answer = await server.deliver(format, fields)
      expect([answer.status, await answer.text()]).toEqual([200, 'success'])
    }
    expect(server.counted).toEqual(['unknown', 'unknown'])
    expect(server.rows).toEqual([])
    expect(server.lines).toHaveLength(2)
    expect(server.lines.join('')).toMatch(/brand_new_event.*hologram/s)
    expect(server.lines.join('')).not.toContain(SECRET_WORDS)
  })

  it('is answered with success and not stored when it has no meaning for runs', async () => {
    const server = intake(mode)
    const answer = await server.deliver(format, { ...FOLLOW, Event: 'VIEW', EventKey: 'https://example.com' })
    expect([answer.status, await answer.text()]).toEqual([200, 'success'])
    expect(server.counted).toEqual(['ignored'])
    expect(server.rows).toEqual([])
    expect(server.lines).toEqual([])
  })

  it('is answered 500 when the store refuses it, so that WeChat sends it again', async () => {
    const accept = () => Promise.reject(new Error('disk full'))
    const server = intake(mode, { accept, match: () => ({ start: null, reply: WELCOME }) })
    const answer = await server.deliver(format, TEXT)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('欢迎')
    expect(server.counted).toEqual(['failed'])
    expect(server.wakeUps).toEqual([])
    expect(server.lines).toHaveLength(1)
    expect(server.lines[0]).toContain('disk full')
    expect(server.lines[0]).not.toContain(FOLLOWER)
    expect(server.lines[0]).not.toContain(SECRET_WORDS)
  })
})

describe.each(MODES)('a body that cannot be read, in %s mode', (mode) => {
  const xml = (content: string) =>
    `<xml><FromUserName>${FOLLOWER}</FromUserName><CreateTime>${NOW_S}</CreateTime>` +
    `<MsgType>text</MsgType><MsgId>1</MsgId><Content>${SECRET_WORDS}${content}</Content></xml>`
  const dtd = '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
  const cases: [string, Format, string, RegExp][] = [
    ['XML that is not closed', 'xml', xml('').replace('</Content>', ''), /XML/],
    ['XML with another root', 'xml', `<html>${SECRET_WORDS}</html>`, /XML/],
    ['XML without fields', 'xml', '<xml></xml>', /XML|From/],
    ['a text that is not XML', 'xml', SECRET_WORDS, /XML/],
    ['a DOCTYPE', 'xml', `${dtd}${xml('')}`, /DOCTYPE/],
    ['a lowercase DOCTYPE', 'xml', `${dtd.toLowerCase()}${xml('')}`, /DOCTYPE/],
    ['a DOCTYPE and its entity', 'xml', `${dtd}${xml('&x;')}`, /DOCTYPE/],
    ['an entity', 'xml', xml('&nbsp;'), /entities/],
    ['a character that does not exist', 'xml', xml('&#x110000;'), /reference/],
    ['truncated JSON', 'json', write('json', TEXT).slice(0, -1), /JSON/],
    ['deeply nested JSON', 'json', `{"a":${'['.repeat(50)}${']'.repeat(50)}}`, /deep/],
    ['an empty body', 'xml', '', /XML/],
  ]

  it.each(cases)('is refused: %s', async (_, format, message, reason) => {
    const server = intake(mode)
    const answer = await deliverRaw(server, mode, format, message)
    await expectRefused(server, answer, unreadable(mode), reason)
  })

  it('is not one with the five XML entities and character references', async () => {
    const server = intake(mode)
    const answer = await deliverRaw(server, mode, 'xml', xml('&lt;&amp;&gt;&quot;&apos;&#20320;'))
    expect(answer.status).toBe(200)
    expect(server.rows[0]?.event.text).toBe(`${SECRET_WORDS}<&>"'你`)
  })

  it.each([
    ']]>',
    'a]]>b & <c>',
    '\u0002',
    ']]></Content><FromUserName>oVictim</FromUserName><Content><![CDATA[',
  ])('is accepted when only the text of a follower broke it: %j', async (text) => {
    const server = intake(mode, { match: () => ({ start: null, reply: WELCOME }) })
    const message = write('xml', { ...TEXT, Content: '#' }).replace('#', `${SECRET_WORDS}${text}`)
    for (const result of ['accepted', 'duplicate']) {
      const answer = await deliverRaw(server, mode, 'xml', message)
      expect(answer.status).toBe(200)
      expect(openAnswer(mode, 'xml', await answer.text())).toMatchObject({ ToUserName: FOLLOWER })
      expect(server.counted.at(-1)).toBe(result)
    }
    expect(server.rows).toMatchObject([
      { openId: FOLLOWER, createTime: NOW, kind: 'text', event: { text: `${SECRET_WORDS}${text}` } },
    ])
    for (const line of server.lines) expect(line).not.toContain(SECRET_WORDS)
  })

  it('is acknowledged and counted without a message id, because its repetitions could not be recognised', async () => {
    const server = intake(mode)
    const message = write('xml', { ...TEXT, Content: '#' })
      .replace('#', ']]>')
      .replace(/<MsgId>.*<.MsgId>/, '')
    const answer = await deliverRaw(server, mode, 'xml', message)
    expect([answer.status, await answer.text()]).toEqual([200, 'success'])
    expect([server.counted, server.rows]).toEqual([['unreadable'], []])
  })

  it('is not one with a DOCTYPE in the text of a follower', async () => {
    const server = intake(mode)
    await server.deliver('xml', { ...TEXT, Content: dtd })
    expect(server.rows[0]?.event.text).toBe(dtd)
  })
})

describe('a push of another mode than the account', () => {
  const modeRecorder = () => {
    const modes: unknown[] = []
    return { modes, mode: (appId: string, received: unknown) => modes.push([appId, received]) }
  }
  it.each(FORMATS)('is logged, for a plain account that gets ciphertext (%s)', async (format) => {
    const { modes, mode } = modeRecorder()
    const server = intake('plain', { onModeChecked: mode })
    const { query, body } = envelope(wechat('security', format), TEXT, NOW_S)
    await expectRefused(server, await server.post(query, body), 401, /modes differ.*plain.*security mode/)
    expect(modes).toEqual([[APP, 'security']])
  })

  it.each(SEALED_WAYS)('is logged, for an account in $mode mode (plain $format)', async (way) => {
    const { modes, mode } = modeRecorder()
    const server = intake(way.mode, { onModeChecked: mode })
    const { query, body } = envelope(wechat('plain', way.format), TEXT, NOW_S)
    const reason = new RegExp(`modes differ.*${way.mode}.*not encrypted`)
    await expectRefused(server, await server.post(query, body), 401, reason)
    expect(modes).toEqual([[APP, 'plain']])
  })

  it.each([
    ['compatible', 'plain'],
    ['compatible', 'security'],
    ['security', 'compatible'],
  ] as const)(
    'is accepted when it is authentic: %s at an account in %s mode',
    async (arrives, registered) => {
      const { modes, mode } = modeRecorder()
      const server = intake(registered, { onModeChecked: mode })
      const { query, body } = envelope(wechat(arrives, 'xml'), TEXT, NOW_S)
      expect((await server.post(query, body)).status).toBe(200)
      expect(modes).toEqual([[APP, null]])
    },
  )

  it('is not recorded for an unauthenticated push', async () => {
    const { modes, mode } = modeRecorder()
    const server = intake('security', { onModeChecked: mode })
    await server.post(signed({ token: 'other-token' }), write('xml', TEXT))
    await server.post(signed({ timestamp: NOW_S - 3_600 }), write('xml', TEXT))
    expect(server.counted).toEqual(['refused', 'refused'])
    expect(modes).toEqual([])
  })
})

describe('a callback that is not authentic', () => {
  const inner = Buffer.from(write('xml', TEXT))
  const signedBody = (sealed: string) => ({ query: signed({ sealed }), body: outer('xml', sealed) })
  it.each<[string, { query: URLSearchParams; body: string }]>([
    [
      'a bad signature',
      { query: signed({ sealed: seal(inner), token: 'x' }), body: outer('xml', seal(inner)) },
    ],
    ['no signature', { query: new URLSearchParams(), body: outer('xml', seal(inner)) }],
    [
      'an old timestamp',
      { query: signed({ sealed: seal(inner), timestamp: 1 }), body: outer('xml', seal(inner)) },
    ],
    ['another key', signedBody(seal(inner, { encodingAesKey: OTHER_KEY }))],
    ['a bad padding', signedBody(seal(inner, { pad: (b) => Buffer.alloc(b.length) }))],
    ['another account inside', signedBody(seal(inner, { id: 'wxother000000001' }))],
    ['no ciphertext', signedBody('bm90IGVuY3J5cHRlZA==')],
    ['a plain body', { query: signed({}), body: write('xml', TEXT) }],
  ])('gets no reason in the answer: %s', async (_, { query, body }) => {
    const server = intake('security')
    const answer = await server.post(query, body)
    expect([answer.status, await answer.text(), [...answer.headers]]).toEqual([
      401,
      'refused',
      [['content-type', 'text/plain; charset=utf-8']],
    ])
    expect(server.lines).toHaveLength(1)
  })

  it('gets no reason in the answer to a URL check', async () => {
    const answer = await intake('plain').app.request(`/wechat/${APP}?${signed({ token: 'x' })}`)
    expect([answer.status, await answer.text()]).toEqual([401, 'refused'])
  })
})

describe.each(SEALED_WAYS)('an encrypted callback in $mode mode, as $format', ({ mode, format }) => {
  const inner = Buffer.from(write(format, TEXT))
  const deliverSealed = (server: Intake, sealed: string) =>
    server.post(signed({ sealed }), outer(format, sealed))

  it('is accepted when it is authentic (the tests below change this one)', async () => {
    const server = intake(mode)
    expect((await deliverSealed(server, seal(inner))).status).toBe(200)
    expect(server.rows).toHaveLength(1)
  })

  it('cannot be decrypted with another key', async () => {
    const server = intake(mode)
    const answer = await deliverSealed(server, seal(inner, { encodingAesKey: OTHER_KEY }))
    await expectRefused(server, answer, 401, /padding|length|short/)
  })

  it('cannot be decrypted when it is not a ciphertext', async () => {
    const server = intake(mode)
    await expectRefused(server, await deliverSealed(server, 'bm90IGVuY3J5cHRlZA=='), 401, /ciphertext/)
  })

  const paddings: [string, (bytes: Buffer) => Buffer][] = [
    ['with one wrong byte', (bytes) => Buffer.concat([Buffer.from([0]), bytes.subarray(1)])],
    ['of zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['longer than a block', (bytes) => Buffer.alloc(bytes.length + 32, bytes.length + 32)],
  ]
  it.each(paddings)('is refused with a padding %s', async (_, pad) => {
    const server = intake(mode)
    // Spaces after the message leave room for a padding of eight bytes.
    const message = Buffer.concat([inner, Buffer.alloc((32 - ((inner.length + 36 + 8) % 32)) % 32, ' ')])
    await expectRefused(server, await deliverSealed(server, seal(message, { pad })), 401, /padding/)
  })

  it.each([
    ['another account', 'wxother000000001'],
    ['no account', ''],
    ['an account whose id begins with this one', `${APP}0`],
  ])('is refused when it was encrypted for %s', async (_, id) => {
    const server = intake(mode)
    await expectRefused(server, await deliverSealed(server, seal(inner, { id })), 401, /another appId/)
  })

  it('is refused when the ciphertext is not the signed one', async () => {
    const server = intake(mode)
    const query = signed({ sealed: seal(inner) })
    const other = seal(Buffer.from(write(format, { ...TEXT, Content: `${SECRET_WORDS}, 又一句` })))
    await expectRefused(server, await server.post(query, outer(format, other)), 401, /msg_signature/)
  })

  it('is refused as a plain body with a valid plain signature', async () => {
    const server = intake(mode)
    await expectRefused(server, await server.post(signed({}), write(format, TEXT)), 401, /not encrypted/)
  })

  it('is refused with the plain signature alone', async () => {
    const server = intake(mode)
    await expectRefused(
      server,
      await server.post(signed({}), outer(format, seal(inner))),
      401,
      /msg_signature/,
    )
  })
})

describe('a callback in compatible mode with a plain part that a text has broken', () => {
  it.each([']]>', ']]></Content><Encrypt>QUJD</Encrypt><Content><![CDATA['])(
    'is accepted: %s',
    async (text) => {
      const server = intake('compatible')
      const message = write('xml', { ...TEXT, Content: '#' }).replace('#', text)
      const sealed = seal(Buffer.from(message))
      const answer = await server.post(
        signed({ sealed }),
        message.replace('</xml>', `<Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`),
      )
      expect(answer.status).toBe(200)
      expect(server.rows).toMatchObject([{ openId: FOLLOWER, event: { text } }])
    },
  )
})

describe('a callback in compatible mode with a forged plain part', () => {
  it.each(FORMATS)('is read from its encrypted part only (%s)', async (format) => {
    const server = intake('compatible')
    const sealed = seal(Buffer.from(write(format, TEXT)))
    const forged = { ...TEXT, FromUserName: 'oForged', Content: 'forged', MsgId: '2', Encrypt: sealed }
    const answer = await server.post(signed({ sealed }), write(format, forged))
    expect(answer.status).toBe(200)
    expect(server.rows[0]).toMatchObject({ openId: FOLLOWER, event: { text: SECRET_WORDS } })
  })
})

describe('an account that is not in memory', () => {
  it.each(['wx%00', `wx${'x'.repeat(63)}`, 'wx%F0%9F%98%80', 'wx%20x'])(
    'is not looked up when its id is malformed: %s',
    async (appId) => {
      const lookups: string[] = []
      const server = intake('plain', {
        async findAccount(id) {
          lookups.push(id)
          return null
        },
      })
      const { query, body } = envelope(wechat('plain', 'xml'), TEXT, NOW_S)
      await expectRefused(server, await server.post(query, body, appId), 404, /unknown appId/)
      expect((await server.app.request(`/wechat/${appId}?${query}`)).status).toBe(404)
      expect(lookups).toEqual([])
    },
  )

  it('is looked up, and refused with 404 when it is not found', async () => {
    const lookups: string[] = []
    const server = intake('plain', {
      async findAccount(appId) {
        lookups.push(appId)
        return null
      },
    })
    await expectRefused(server, await server.deliver('xml', TEXT), 404, /unknown appId/)
    expect(lookups).toEqual([APP])
  })

  it('is answered 500 when the lookup fails, because 404 would lose the event', async () => {
    const server = intake('plain', { findAccount: () => Promise.reject(new Error('store unavailable')) })
    expect((await server.deliver('xml', TEXT)).status).toBe(500)
    expect(server.counted).toEqual(['failed'])
    expect(server.lines.join('')).toContain('store unavailable')
  })
})

describe('the address of a callback', () => {
  it.each([`/wechat/${APP}/`, `//wechat/${APP}`, `/wechat//${APP}`, `///wechat///${APP}//`])(
    'may have repeated slashes: %s',
    async (path) => {
      const server = intake('security')
      const { query, body } = envelope(wechat('security', 'xml'), TEXT, NOW_S)
      const request = (url: string, init?: RequestInit) =>
        server.app.request(new Request(`http://h${url}`, init))
      expect((await request(`${path}?${query}`, { method: 'POST', body })).status).toBe(200)
      const check = signed({})
      check.set('echostr', 'hello')
      expect(await (await request(`${path}?${check}`)).text()).toBe('hello')
      expect(server.counted).toEqual(['accepted', 'verified'])
    },
  )

  it.each([
    ['GET', '/wechat', 404],
    ['POST', '/wechat', 404],
    ['POST', '/wechat/', 404],
    ['GET', '//wechat//', 404],
    ['POST', `/wechat/${APP}/callback`, 404],
    ['GET', '/wechat/a/b/c', 404],
    ['PUT', '/wechat/a/b', 404],
    ['PUT', `/wechat/${APP}`, 405],
    ['DELETE', `/wechat/${APP}/`, 405],
  ])('is not %s %s', async (method, path, status) => {
    const server = intake('plain')
    const answer = await server.app.request(new Request(`http://h${path}?${signed({})}`, { method }))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toContain('text/plain')
    expect(answer.headers.get('location')).toBeNull()
    expect(server.counted).toEqual(['refused'])
    expect(server.lines.map((l) => JSON.parse(l))).toMatchObject([
      { level: 40, status, method, path: expect.stringMatching(/^\/wechat/), msg: 'callback refused' },
    ])
  })

  it('is logged at most once a second when it is wrong, and truncated', async () => {
    const server = intake('plain')
    for (let i = 0; i < 50; i++) await server.app.request(`/wechat/a/${'x'.repeat(5_000)}`)
    expect(server.counted).toHaveLength(50)
    expect(server.lines.length).toBeLessThan(10)
    expect(server.lines[0]?.length).toBeLessThan(400)
  })
})

describe('the size of a body', () => {
  const ofBytes = (bytes: number) => {
    const empty = write('json', { ...TEXT, Content: '' })
    return write('json', { ...TEXT, Content: 'x'.repeat(bytes - Buffer.byteLength(empty)) })
  }

  it('may be 64 KiB', async () => {
    const server = intake('plain')
    expect((await server.post(signed({}), ofBytes(65_536))).status).toBe(200)
  })

  it.each(MODES)('may not be one byte more (%s)', async (mode) => {
    const server = intake(mode)
    await expectRefused(server, await server.post(signed({}), ofBytes(65_537)), 413, /64 KiB/)
  })

  it('is checked before the body is read when it is declared', async () => {
    const server = intake('plain')
    let pulled = 0
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1
        controller.enqueue(Buffer.alloc(1024))
      },
    })
    const answer = await server.app.request(`/wechat/${APP}?${signed({})}`, {
      method: 'POST',
      body,
      headers: { 'content-length': '65537' },
      duplex: 'half',
    } as RequestInit)
    await expectRefused(server, answer, 413, /64 KiB/)
    expect(pulled).toBeLessThan(4)
  })
})

describe('a slow store', () => {
  const later = <T>(ms: number, value: T) => new Promise<T>((resolve) => setTimeout(resolve, ms, value))

  /** Delivers a text while fake time passes. `status` is null until there is an answer. */
  function startDelivery(server: Intake) {
    const delivery: { status: number | null } = { status: null }
    const done = server.deliver('xml', TEXT).then((answer) => {
      delivery.status = answer.status
    })
    return { delivery, done }
  }

  it('delays the answer to WeChat', async () => {
    vi.useFakeTimers()
    const server = intake('plain', { accept: () => later(3_900, { fresh: true, id: 1, reply: null }) })
    const { delivery, done } = startDelivery(server)
    await vi.advanceTimersByTimeAsync(3_899)
    expect(delivery.status).toBeNull()
    expect(server.wakeUps).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    await done
    expect(delivery.status).toBe(200)
    expect(server.wakeUps).toEqual([0])
  })

  it('causes an answer 500 after 4 s', async () => {
    vi.useFakeTimers()
    const server = intake('plain', { accept: () => later(60_000, { fresh: true, id: 1, reply: null }) })
    const { delivery, done } = startDelivery(server)
    await vi.advanceTimersByTimeAsync(3_999)
    expect(delivery.status).toBeNull()
    await vi.advanceTimersByTimeAsync(1)
    await done
    expect(delivery.status).toBe(500)
    expect(server.counted).toEqual(['failed'])
    expect(server.lines).toHaveLength(1)
    expect(server.lines[0]).toMatch(/4 s/)
  })

  it('causes an answer 500 after 4 s also in the lookup of the account', async () => {
    vi.useFakeTimers()
    const server = intake('plain', { findAccount: () => new Promise(() => {}) })
    const { delivery, done } = startDelivery(server)
    await vi.advanceTimersByTimeAsync(4_000)
    await done
    expect(delivery.status).toBe(500)
  })

  it('has the event once when it stores it after the answer 500, because the repetition is a duplicate', async () => {
    vi.useFakeTimers()
    const rows: NewInboxRow[] = []
    const server = intake('plain', {
      async accept(row) {
        const known = rows.find((r) => r.dedupeKey === row.dedupeKey)
        if (known) return { fresh: false, reply: known.reply }
        await later(6_000, null)
        rows.push(row)
        return { fresh: true, id: rows.length, reply: row.reply }
      },
    })
    const { delivery, done } = startDelivery(server)
    await vi.advanceTimersByTimeAsync(6_000)
    await done
    expect(delivery.status).toBe(500)
    expect(server.wakeUps).toHaveLength(1)
    expect((await server.deliver('xml', TEXT)).status).toBe(200)
    expect(rows).toHaveLength(1)
    expect(server.counted).toEqual(['failed', 'duplicate'])
  })

  it('has 4 s for the lookup and the insert together', async () => {
    vi.useFakeTimers()
    const account = { appId: APP, mode: 'plain' as const, token: TOKEN, encodingAesKey: null }
    const known = { ...account, name: '', timezone: 'UTC', variables: {}, humanAgents: false }
    const server = intake('plain', {
      findAccount: () => later(3_000, known),
      accept: () => later(2_000, { fresh: true, id: 1, reply: null }),
    })
    const { delivery, done } = startDelivery(server)
    await vi.advanceTimersByTimeAsync(4_000)
    await done
    expect(delivery.status).toBe(500)
  })
})

describe('the key of a callback', () => {
  it('does not contain the follower’s id, and differs between accounts', () => {
    const key = inboxKey(`["${APP}","${FOLLOWER}","msg","1"]`)
    const ofOtherAccount = inboxKey(`["wxother000000001","${FOLLOWER}","msg","1"]`)
    expect(key).not.toBe(ofOtherAccount)
    expect(key).not.toContain(FOLLOWER.slice(0, 6))
  })
})
