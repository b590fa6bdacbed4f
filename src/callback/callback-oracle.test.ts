import crypto, { createCipheriv } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import * as wecom from '@wecom/crypto'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { createPlatformApp } from '../platform/platform-app.ts'
import type { PlatformService } from '../platform/platform-service.ts'
import { createAdmissionControl } from './admission/admission-control.ts'
import { createCallbackApp } from './callback-app.ts'
import type { ReceivingAccount } from './callback-deps.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

/** Counts the decryptions of the code under test. A mock of the module would not reach code that another test file has loaded. */
const work = { deciphered: 0 }
const { createDecipheriv } = crypto
beforeAll(() => {
  crypto.createDecipheriv = ((...args: Parameters<typeof createDecipheriv>) => {
    work.deciphered += 1
    return createDecipheriv(...args)
  }) as typeof createDecipheriv
  syncBuiltinESMExports()
})
afterAll(() => {
  crypto.createDecipheriv = createDecipheriv
  syncBuiltinESMExports()
})

const APP = 'wxtest0000000001'
const COMPONENT = 'wxtestcomponent01'
const TOKEN = 'test-token'
const KEY = 'testtesttesttesttesttesttesttesttesttesttes'
const PREVIOUS_KEY = 'beforebeforebeforebeforebeforebeforebeforeb'
const NOW = Date.parse('2026-11-23T08:00:00Z')
const NOW_S = NOW / 1000
/** The block size of AES, bytes. WeChat pads to twice as much. */
const BLOCK = 16
const SECRET = '只有粉丝和公众号知道'
const PUSH = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oFollower]]></FromUserName><CreateTime>${NOW_S}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${SECRET}]]></Content><MsgId>1</MsgId></xml>`

/** WeChat's encryption, with parts that a test can replace. */
function encrypt(
  message: string | Buffer,
  { id = APP, key = KEY, length = (n: number) => n, padding = (p: Buffer) => p } = {},
): Buffer {
  const bytes = Buffer.from(message as string)
  const head = Buffer.concat([Buffer.from('random-16-bytes!'), Buffer.alloc(4)])
  head.writeUInt32BE(length(bytes.length), 16)
  const plain = Buffer.concat([head, bytes, Buffer.from(id)])
  const pad = 32 - (plain.length % 32)
  const aes = Buffer.from(`${key}=`, 'base64')
  const cipher = createCipheriv('aes-256-cbc', aes, aes.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.update(padding(Buffer.alloc(pad, pad))), cipher.final()])
}

/** Sends a ciphertext signed with the token, as an attacker without the key can. @returns the answer that the attacker sees */
type Ask = (cipher: Buffer | string) => Promise<string>

function sign(sealed: string): URLSearchParams {
  const msg_signature = wecom.getSignature(TOKEN, NOW_S, '42', sealed)
  return new URLSearchParams({ timestamp: String(NOW_S), nonce: '42', encrypt_type: 'aes', msg_signature })
}

async function readAnswer(answer: Response): Promise<string> {
  return JSON.stringify([answer.status, await answer.text(), [...answer.headers]])
}

function account(more: Partial<ReceivingAccount> = {}): ReceivingAccount {
  const variables = {}
  const keys = { token: TOKEN, encodingAesKey: KEY }
  return {
    appId: APP,
    mode: 'security',
    ...keys,
    name: '',
    timezone: 'UTC',
    variables,
    humanAgents: false,
    ...more,
  }
}

interface Endpoint {
  ask: Ask
  lines: string[]
  counted: string[]
  /** Signatures of the pushes that the clock was measured by. `/readyz` shows their number to everybody. */
  measured: string[]
  /** The id at the end of WeChat's ciphertexts for this endpoint. */
  id: string
}

function accountEndpoint(more: Partial<ReceivingAccount> = {}, method: 'POST' | 'GET' = 'POST'): Endpoint {
  const lines: string[] = []
  const counted: string[] = []
  const measured: string[] = []
  const app = createCallbackApp({
    findAccount: async (appId) => (appId === APP ? account(more) : null),
    match: () => ({ start: null, reply: null }),
    accept: async () => ({ fresh: true, id: 1, reply: null }),
    wakeDispatcher: () => {},
    onReceived: () => {},
    now: () => NOW,
    maxAgeMs: 600_000,
    log: pino({ base: undefined }, { write: (line: string) => lines.push(line) }),
    count: (result) => counted.push(result),
    skewMonitor: {
      record: ({ signature }) => measured.push(signature),
      aheadMs: () => 0,
    },
  })
  const ask: Ask = async (cipher) => {
    const sealed = typeof cipher === 'string' ? cipher : cipher.toString('base64')
    const query = sign(sealed)
    if (method === 'GET') query.set('echostr', sealed)
    const body = method === 'POST' ? `<xml><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>` : null
    return readAnswer(await app.request(`/wechat/${APP}?${query}`, { method, body }))
  }
  return { ask, lines, counted, measured, id: APP }
}

/** The endpoint for tickets and authorisations. */
function componentEndpoint(previousAesKey: string | null = null): Endpoint {
  const lines: string[] = []
  const measured: string[] = []
  const keys = { token: TOKEN, encodingAesKey: KEY, previousAesKey, trailingId: COMPONENT }
  const app = createPlatformApp({
    // The endpoint needs only these parts of the platform.
    platform: {
      config: { appId: COMPONENT },
      asCallbackAccount: (served: { appId: string }) => ({ ...served, mode: 'security', ...keys }),
      processEvents: async () => {},
    } as unknown as PlatformService,
    now: () => NOW,
    maxAgeMs: 600_000,
    log: pino({ base: undefined }, { write: (line: string) => lines.push(line) }),
    skewMonitor: { record: ({ signature }) => measured.push(signature) },
    admission: createAdmissionControl(),
    nameOf: async () => null,
    phoneUrl: () => null,
    client: () => ({ address: null, https: false }),
  })
  const ask: Ask = async (cipher) => {
    const sealed = typeof cipher === 'string' ? cipher : cipher.toString('base64')
    const body = `<xml><AppId>${COMPONENT}</AppId><Encrypt>${sealed}</Encrypt></xml>`
    return readAnswer(await app.request(`/wechat/component?${sign(sealed)}`, { method: 'POST', body }))
  }
  return { ask, lines, counted: [], measured, id: COMPONENT }
}

const ENDPOINTS: [string, () => Endpoint][] = [
  ['the callback of an account', () => accountEndpoint()],
  ['the callback of an account in compatible mode', () => accountEndpoint({ mode: 'compatible' })],
  [
    'the callback of an account whose key has just changed',
    () => accountEndpoint({ previousAesKey: PREVIOUS_KEY }),
  ],
  ['the URL check of an account', () => accountEndpoint({}, 'GET')],
  ['the component endpoint', () => componentEndpoint()],
  ['the component endpoint after a change of its key', () => componentEndpoint(PREVIOUS_KEY)],
]
const REFUSED = JSON.stringify([401, 'refused', [['content-type', 'text/plain; charset=utf-8']]])

beforeEach(() => {
  work.deciphered = 0
})
afterEach(() => vi.restoreAllMocks())

/**
 * The padding oracle attack of Vaudenay (2002). In CBC mode, each block is XORed into the plaintext of the next one. When one
 * answer in 256 differs from the others, its padding is valid, and the byte is known.
 * @returns the bytes that the attack finds, last first
 */
async function paddingOracle(ask: Ask, before: Buffer, target: Buffer): Promise<number[]> {
  const learned: number[] = []
  for (let at = BLOCK - 1; at >= 0; at--) {
    const pad = BLOCK - at
    const answers = new Map<string, number[]>()
    for (let guess = 0; guess < 256; guess++) {
      const forged = Buffer.alloc(BLOCK)
      for (const [i, byte] of learned.entries())
        forged[BLOCK - 1 - i] = byte ^ (before[BLOCK - 1 - i] ?? 0) ^ pad
      forged[at] = guess
      const answer = await ask(Buffer.concat([forged, target]))
      answers.set(answer, [...(answers.get(answer) ?? []), guess])
    }
    const odd = [...answers.values()].find((guesses) => guesses.length < 10)?.[0]
    if (odd === undefined) return learned
    learned.push(odd ^ pad ^ (before[at] ?? 0))
  }
  return learned
}

describe('a server whose answer distinguishes bad padding from bad content', () => {
  it('reveals a whole block to the attack that the tests below use', async () => {
    const aes = Buffer.from(`${KEY}=`, 'base64')
    const leaky: Ask = async (cipher) => {
      const decipher = createDecipheriv('aes-256-cbc', aes, aes.subarray(0, 16)).setAutoPadding(false)
      const plain = Buffer.concat([decipher.update(Buffer.from(cipher as Buffer)), decipher.final()])
      const pad = plain.at(-1) ?? 0
      const isPadded = pad >= 1 && pad <= BLOCK && plain.subarray(-pad).every((b) => b === pad)
      return isPadded ? 'message length is wrong' : 'padding is wrong'
    }
    const recorded = encrypt(PUSH)
    const [before, target] = [
      recorded.subarray(4 * BLOCK, 5 * BLOCK),
      recorded.subarray(5 * BLOCK, 6 * BLOCK),
    ]
    const learned = Buffer.from((await paddingOracle(leaky, before, target)).reverse())
    expect(learned.toString()).toBe(PUSH.slice(5 * BLOCK - 20, 6 * BLOCK - 20))
  })
})

describe.each(ENDPOINTS)('an attacker with the token and a recorded push, at %s,', (_, open) => {
  it('learns no byte by changing its padding', async () => {
    const { ask, id } = open()
    const recorded = encrypt(PUSH, { id })
    const [before, target] = [
      recorded.subarray(4 * BLOCK, 5 * BLOCK),
      recorded.subarray(5 * BLOCK, 6 * BLOCK),
    ]
    expect(await paddingOracle(ask, before, target)).toEqual([])
  })

  it('gets the same answer for each value of the last byte', async () => {
    const { ask, id } = open()
    const recorded = encrypt(PUSH, { id })
    const answers = new Set<string>()
    for (let flip = 1; flip < 256; flip++) {
      const altered = Buffer.from(recorded)
      const at = recorded.length - BLOCK - 1
      altered[at] = (altered[at] ?? 0) ^ flip
      answers.add(await ask(altered))
    }
    expect([...answers]).toEqual([REFUSED])
  })

  it('gets the same answer for each changed byte, and for each cut', async () => {
    const { ask, id } = open()
    // The last blocks contain only padding here, so that changing or cutting them affects nothing else.
    const message = PUSH + ' '.repeat((64 - ((Buffer.byteLength(PUSH) + 20 + id.length) % 32)) % 32)
    const recorded = encrypt(message, { id })
    const answers = new Set<string>()
    // The first block contains random bytes. Changing it changes the next block: the length and the first letters.
    for (let at = 0; at < recorded.length; at++) {
      const altered = Buffer.from(recorded)
      altered[at] = (altered[at] ?? 0) ^ 0x80
      answers.add(await ask(altered))
    }
    for (let cut = BLOCK; cut < recorded.length; cut += BLOCK) {
      answers.add(await ask(recorded.subarray(0, -cut)))
      answers.add(await ask(recorded.subarray(cut)))
    }
    expect([...answers]).toEqual([REFUSED])
  })
})

describe('a recorded push that is sent as the echostr of a URL check', () => {
  it('is not decrypted for an attacker with the token', async () => {
    const recorded = encrypt(PUSH)
    const answer = await accountEndpoint({}, 'GET').ask(recorded)
    expect(answer).toBe(REFUSED)
    const block = Buffer.concat([recorded.subarray(0, 2 * BLOCK), recorded.subarray(-3 * BLOCK)])
    expect(await accountEndpoint({}, 'GET').ask(block)).toBe(REFUSED)
  })
})

/** All problems that a ciphertext with a valid signature can have. */
const wrong = (id: string): [string, Buffer | string][] => {
  const fields = (name: string) => PUSH.replace(new RegExp(`<${name}>.*?</${name}>`), '')
  const other = (message: string | Buffer) => encrypt(message, { id })
  const notUtf8 = Buffer.from(PUSH.replace(SECRET, '#'))
  notUtf8[notUtf8.indexOf('#')] = 0xff
  return [
    [
      'the padding: one byte',
      encrypt(PUSH, { id, padding: (p) => Buffer.concat([Buffer.from([77]), p.subarray(1)]) }),
    ],
    ['the padding: zeros', encrypt(PUSH, { id, padding: (p) => Buffer.alloc(p.length) })],
    ['the padding: too long', encrypt(PUSH, { id, padding: (p) => Buffer.alloc(p.length, 33) })],
    ['another key', encrypt(PUSH, { id, key: 'otherotherotherotherotherotherotherotheroth' })],
    ['the length: too long', encrypt(PUSH, { id, length: (n) => n + 1_000 })],
    ['the length: one more', encrypt(PUSH, { id, length: (n) => n + 1 })],
    ['the length: one less', encrypt(PUSH, { id, length: (n) => n - 1 })],
    ['the length: 4 GiB', encrypt(PUSH, { id, length: () => 0xffffffff })],
    ['the appId', encrypt(PUSH, { id: 'wxother000000001' })],
    ['the appId: a beginning of it', encrypt(PUSH, { id: id.slice(0, -1) })],
    ['the appId: none', encrypt(PUSH, { id: '' })],
    ['the text: not UTF-8', other(notUtf8)],
    ['the text: broken XML', other('<xml><a></xml>')],
    ['the text: a DOCTYPE', other(`<!DOCTYPE x>${PUSH}`)],
    ['the text: an entity', other(PUSH.replace('<MsgId>', '<a>&b;</a><MsgId>'))],
    ['the text: broken JSON', other('{"a":')],
    ['the text: nothing', other('')],
    ...(id === APP ? (['FromUserName', 'CreateTime'] as const) : []).map((name): [string, Buffer] => [
      `the text: no ${name}`,
      other(fields(name)),
    ]),
    ['the ciphertext: no base64', '----'],
    ['the ciphertext: half a block', encrypt(PUSH, { id }).subarray(0, -8)],
    ['the ciphertext: one block', encrypt(PUSH, { id }).subarray(0, BLOCK)],
    ['the ciphertext: random', Buffer.alloc(160, 7)],
  ]
}

describe.each(ENDPOINTS)('each problem behind a valid signature, at %s,', (_, open) => {
  it('has the same status, text and headers', async () => {
    const { ask, id, counted } = open()
    for (const [what, cipher] of wrong(id)) expect([what, await ask(cipher)]).toEqual([what, REFUSED])
    expect([...new Set(counted)]).toEqual(counted.length === 0 ? [] : ['refused'])
  })

  it('does not change the clock measurement', async () => {
    const { ask, id, measured } = open()
    for (const [, cipher] of wrong(id)) await ask(cipher)
    expect(measured).toEqual([])
  })

  it('costs the same work', async () => {
    const { ask, id } = open()
    const decode = vi.spyOn(TextDecoder.prototype, 'decode')
    const done = new Map<string, string[]>()
    for (const [what, cipher] of wrong(id)) {
      decode.mockClear()
      work.deciphered = 0
      await ask(cipher)
      const effort = `${work.deciphered} decryptions, ${decode.mock.calls.length} texts read`
      done.set(effort, [...(done.get(effort) ?? []), what])
    }
    expect([...done.keys()]).toHaveLength(1)
  })

  it('is logged with its reason, once a second', async () => {
    for (const [what, cipher] of wrong(open().id)) {
      const { ask, lines } = open()
      await ask(cipher)
      expect([what, lines]).toEqual([what, [expect.stringMatching(/"reason":"[^"]{5,}"/)]])
      expect(lines[0]).not.toContain(SECRET)
    }
    // Writing a line takes time, so whether a line is written must not depend on the problem.
    vi.spyOn(performance, 'now').mockReturnValue(1_000)
    const { ask, lines, id } = open()
    for (const [, cipher] of wrong(id)) await ask(cipher)
    expect(lines).toHaveLength(1)
  })
})

describe('the previous key', () => {
  it('opens what the current key does not, and is also tried when the current key fits', async () => {
    for (const key of [KEY, PREVIOUS_KEY]) {
      work.deciphered = 0
      const { ask } = accountEndpoint({ previousAesKey: PREVIOUS_KEY })
      expect(await ask(encrypt(PUSH, { key }))).toContain('success')
      expect(work.deciphered).toBe(2)
    }
  })
})
