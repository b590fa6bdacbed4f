import { describe, expect, it } from 'vitest'
import {
  challenges,
  officialPlainPush,
  officialPush,
  senparcPush,
} from '../../../test/fixtures/wechat-vectors.ts'
import { decodeAesKey, encrypt, signatureOf } from './crypto.ts'
import { answerChallenge, type CallbackAccount, openCallback } from './envelope.ts'

const MAX_AGE_MS = 600_000
const KEY = 'mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY'
const account = (mode: CallbackAccount['mode'], more: Partial<CallbackAccount> = {}): CallbackAccount => ({
  appId: 'wx0123456789abcdef',
  mode,
  token: 'token',
  encodingAesKey: mode === 'plain' ? null : KEY,
  ...more,
})

const AT = 1_714_112_445
const NONCE = '415670741'
const xml = (content: string) =>
  `<xml><FromUserName>o1</FromUserName><CreateTime>${AT}</CreateTime><Content>${content}</Content></xml>`

/** A push to an account in plain mode. */
const plainPush = (body = xml('hi'), timestamp = String(AT)) => ({
  query: { signature: signatureOf('token', timestamp, NONCE), timestamp, nonce: NONCE },
  body: Buffer.from(body),
})

/** A push with an `Encrypt`, and other fields around it. */
function encryptedPush(given: {
  body?: string
  trailingId?: string
  around?: string
  format?: 'xml' | 'json'
  timestamp?: string
}) {
  const { body = xml('hi'), trailingId = 'wx0123456789abcdef', timestamp = String(AT) } = given
  const encrypted = encrypt(body, trailingId, decodeAesKey(KEY))
  return {
    query: {
      signature: signatureOf('token', timestamp, NONCE),
      msg_signature: signatureOf('token', timestamp, NONCE, encrypted),
      encrypt_type: 'aes',
      timestamp,
      nonce: NONCE,
    },
    body: Buffer.from(
      given.format === 'json'
        ? JSON.stringify({ ToUserName: 'gh_1', Encrypt: encrypted })
        : `<xml>${given.around ?? ''}<Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
    ),
  }
}

type Push = { query: Record<string, string | undefined>; body: Buffer }
const open = (receiver: CallbackAccount, push: Push, more: { now?: number; maxAgeMs?: number } = {}) =>
  openCallback({ account: receiver, ...push, now: AT * 1000, maxAgeMs: MAX_AGE_MS, ...more })

const without = (push: Push, name: string): Push => ({ ...push, query: { ...push.query, [name]: undefined } })
const refused = (reason: unknown) => ({ ok: false, status: 401, reason })
/** Validly signed, but its ciphertext is not a message. */
const undecryptable = (reason: unknown) => ({ ...refused(reason), undecryptable: true })
/** Validly signed, so that it counts for the estimate of the clock skew. */
const STALE = { ...refused('timestamp is too old'), stale: true }

describe('an account in plain mode', () => {
  it('accepts the push of the official guide', () => {
    const { token, timestamp, nonce, signature, body } = officialPlainPush
    const opened = open(
      account('plain', { token }),
      { query: { timestamp, nonce, signature }, body: Buffer.from(body) },
      { now: Number(timestamp) * 1000 },
    )
    expect(opened).toMatchObject({
      ok: true,
      format: 'json',
      aesKey: null,
      record: { FromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY', Event: 'debug_demo', CreateTime: timestamp },
    })
  })

  it('accepts XML', () => {
    expect(open(account('plain'), plainPush())).toMatchObject({
      ok: true,
      format: 'xml',
      aesKey: null,
      record: { Content: 'hi' },
    })
  })

  it.each(['signature', 'timestamp', 'nonce'])('refuses a push without %s', (name) => {
    expect(open(account('plain'), without(plainPush(), name))).toEqual(refused('bad signature'))
  })

  it('refuses a push that was signed with another token', () => {
    expect(open(account('plain', { token: 'other' }), plainPush())).toEqual(refused('bad signature'))
  })

  it('checks the signature before it reads the body', () => {
    const broken = plainPush('<xml>')
    expect(open(account('plain'), broken)).toMatchObject({ ok: false, status: 400 })
    expect(open(account('plain'), without(broken, 'signature'))).toEqual(refused('bad signature'))
  })

  it.each([
    ['malformed XML', '<xml><a></xml>'],
    ['malformed JSON', '{"a":'],
    ['a DOCTYPE', '<!DOCTYPE xml><xml><a>1</a></xml>'],
  ])('answers 400 to %s', (_name, body) => {
    expect(open(account('plain'), plainPush(body))).toMatchObject({ ok: false, status: 400 })
  })
})

describe('an account in security mode', () => {
  it('accepts the push of the official guide', () => {
    const { token, appId, encodingAesKey, timestamp, nonce, signature, msgSignature } = officialPush
    const opened = open(account('security', { token, appId, encodingAesKey }), {
      query: { timestamp, nonce, signature, msg_signature: msgSignature, encrypt_type: 'aes' },
      body: Buffer.from(JSON.stringify({ ToUserName: 'gh_97417a04a28d', Encrypt: officialPush.encrypt })),
    })
    expect(opened).toMatchObject({
      ok: true,
      format: 'json',
      aesKey: encodingAesKey,
      record: { FromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY', debug_str: 'hello world' },
    })
  })

  it('accepts XML, also without `signature`', () => {
    expect(open(account('security'), without(encryptedPush({}), 'signature'))).toMatchObject({
      ok: true,
      format: 'xml',
      aesKey: KEY,
      record: { Content: 'hi' },
    })
  })

  it('answers in the format of the envelope, whatever format the message has', () => {
    expect(open(account('security'), encryptedPush({ format: 'json' }))).toMatchObject({
      format: 'json',
      record: { Content: 'hi' },
    })
  })

  it('refuses a plain push with a valid signature', () => {
    expect(open(account('security'), plainPush())).toMatchObject({ ok: false, status: 401 })
  })

  it.each(['msg_signature', 'timestamp', 'nonce'])('refuses a push without %s', (name) => {
    expect(open(account('security'), without(encryptedPush({}), name))).toEqual(refused('bad msg_signature'))
  })

  it('refuses a push with another ciphertext than the signed one', () => {
    const other = encryptedPush({ body: xml('another') })
    expect(open(account('security'), { ...encryptedPush({}), body: other.body })).toEqual(
      refused('bad msg_signature'),
    )
  })

  it('refuses a message for another appId', () => {
    expect(open(account('security'), encryptedPush({ trailingId: 'wxsomebodyelse' }))).toEqual(
      undecryptable('encrypted for another appId'),
    )
    expect(open(account('security'), encryptedPush({ trailingId: '' }))).toEqual(
      undecryptable('encrypted for another appId'),
    )
  })

  it('refuses a push that it cannot decrypt', () => {
    const other = account('security', { encodingAesKey: officialPush.encodingAesKey })
    expect(open(other, encryptedPush({}))).toEqual(
      undecryptable('padding is wrong: another key, or a damaged message'),
    )
    expect(open(account('security', { encodingAesKey: null }), encryptedPush({}))).toMatchObject({
      status: 401,
    })
  })

  it.each([
    ['malformed outside', Buffer.from('<xml><Encrypt>')],
    ['not UTF-8 outside', Buffer.from([0x3c, 0xff])],
  ])('answers 400 when it is %s', (_name, body) => {
    expect(open(account('security'), { ...encryptedPush({}), body })).toMatchObject({
      ok: false,
      status: 400,
    })
  })

  it.each([
    ['malformed', '<xml><a></xml>'],
    ['a DOCTYPE', '<!DOCTYPE xml><xml><a>1</a></xml>'],
    ['empty', ''],
  ])(
    'answers 401 also when the decrypted message is %s, so that the answer does not reveal that it was decrypted',
    (_, body) => {
      expect(open(account('security'), encryptedPush({ body }))).toEqual(undecryptable(expect.any(String)))
    },
  )

  it.each([
    ['is malformed', '<a>', 401],
    ['has a DOCTYPE', '<!DOCTYPE x>', 401],
    ['is not UTF-8', '\xff', 400],
    ['has no end', '</xml', 400],
    ['is another document', '</html>', 400],
  ])(
    'does not parse the body of an unauthenticated client, and answers by its start and end: it %s',
    (_name, inner, status) => {
      const { query } = encryptedPush({})
      const root = inner === '</html>' ? '<html>' : '<xml>'
      const body = Buffer.from(`${root}${inner}${inner.startsWith('</') ? '' : '</xml>'}`, 'latin1')
      expect(open(account('security'), { query, body })).toMatchObject({ status: 400 })
      expect(open(account('security'), without({ query, body }, 'signature'))).toMatchObject({ status })
    },
  )

  it('refuses an Encrypt that is not a text', () => {
    const push = { ...encryptedPush({}), body: Buffer.from('{"Encrypt":{"a":"b"}}') }
    expect(open(account('security'), push)).toMatchObject({ ok: false, status: 401 })
  })
})

describe('an account in compatible mode', () => {
  it('accepts the real push of 2014', () => {
    const { token, appId, encodingAesKey, timestamp, nonce, signature, msgSignature } = senparcPush
    const opened = open(
      account('compatible', { token, appId, encodingAesKey }),
      {
        query: { timestamp, nonce, signature, msg_signature: msgSignature, encrypt_type: 'aes' },
        body: Buffer.from(
          `${senparcPush.message.replace('</xml>', '')}<Encrypt><![CDATA[${senparcPush.encrypt}]]></Encrypt></xml>`,
        ),
      },
      { now: Number(timestamp) * 1000 },
    )
    expect(opened).toMatchObject({
      ok: true,
      aesKey: KEY,
      record: {
        FromUserName: 'olPjZjsXuQPJoV0HlruZkNzKc91E',
        Content: '你好',
        MsgId: '6074746557628292943',
      },
    })
  })

  it('uses the encrypted fields only', () => {
    const push = encryptedPush({ around: '<Content>forged</Content><FromUserName>o666</FromUserName>' })
    const opened = open(account('compatible'), push)
    expect(opened).toMatchObject({ ok: true, record: { Content: 'hi', FromUserName: 'o1' } })
  })

  it('ignores plain fields that the encrypted part does not have', () => {
    const opened = open(account('compatible'), encryptedPush({ around: '<bizmsgmenuid>1</bizmsgmenuid>' }))
    expect(opened.ok && Object.keys(opened.record)).toEqual(['FromUserName', 'CreateTime', 'Content'])
  })

  it('refuses a push without msg_signature, and a plain push', () => {
    expect(open(account('compatible'), without(encryptedPush({}), 'msg_signature'))).toEqual(
      refused('bad msg_signature'),
    )
    expect(open(account('compatible'), plainPush())).toMatchObject({ ok: false, status: 401 })
  })
})

describe('an account without a token, such as an authorised one that no platform serves', () => {
  it('refuses a push that is signed with an empty token', () => {
    const tokenless = account('plain', { token: '' })
    const signed = { signature: signatureOf('', String(AT), NONCE), timestamp: String(AT), nonce: NONCE }
    expect(open(tokenless, { query: signed, body: Buffer.from(xml('hi')) })).toMatchObject({
      ok: false,
      status: 401,
    })
    expect(answerChallenge({ account: tokenless, query: { ...signed, echostr: 'test' } })).toMatchObject({
      ok: false,
    })
  })
})

describe('an account of a platform', () => {
  it('accepts the key from before the last change, and answers with the key that decrypted the push', () => {
    const current = 'presenttestpresenttestpresenttestpresenttes'
    const changed = { ...account('security'), encodingAesKey: current, previousAesKey: KEY }
    expect(open(changed, encryptedPush({}))).toMatchObject({ ok: true, aesKey: KEY })
    expect(open({ ...changed, previousAesKey: null }, encryptedPush({}))).toMatchObject({
      ok: false,
      status: 401,
    })
  })

  it('accepts messages that end with the platform’s id, and not with its own', () => {
    const trailingId = 'wxcomponent'
    expect(open({ ...account('security'), trailingId }, encryptedPush({ trailingId }))).toMatchObject({
      ok: true,
    })
    expect(open({ ...account('security'), trailingId }, encryptedPush({}))).toEqual(
      undecryptable('encrypted for another appId'),
    )
  })
})

describe('a recorded push that is sent again', () => {
  const atAge = (ageMs: number, maxAgeMs = MAX_AGE_MS) =>
    [
      open(account('plain'), plainPush(), { now: AT * 1000 + ageMs, maxAgeMs }),
      open(account('security'), encryptedPush({}), { now: AT * 1000 + ageMs, maxAgeMs }),
    ] as const

  it.each([
    ['now', 0],
    ['as old as allowed', MAX_AGE_MS],
    ['from a clock that is ahead', -MAX_AGE_MS],
  ])('is accepted: %s', (_name, ageMs) => {
    for (const opened of atAge(ageMs)) expect(opened.ok).toBe(true)
  })

  it.each([
    ['too old', MAX_AGE_MS + 1],
    ['a day old', 24 * 3_600_000],
    ['from a clock that is too far ahead', -MAX_AGE_MS - 1],
  ])('is refused: %s', (_name, ageMs) => {
    for (const opened of atAge(ageMs)) expect(opened).toEqual(STALE)
  })

  it('is accepted from five minutes ahead, also when the maximum age is less', () => {
    for (const opened of atAge(-5 * 60_000, 60_000)) expect(opened.ok).toBe(true)
    for (const opened of atAge(-5 * 60_000 - 1, 60_000)) expect(opened.ok).toBe(false)
  })

  it('is accepted at any age when the check is off', () => {
    for (const opened of atAge(365 * 24 * 3_600_000, 0)) expect(opened.ok).toBe(true)
  })

  it.each(['soon', '', '0', 'Infinity'])(
    'is refused with the timestamp %o, also when signed',
    (timestamp) => {
      expect(open(account('plain'), plainPush(xml('hi'), timestamp))).toEqual(STALE)
      expect(open(account('security'), encryptedPush({ timestamp }))).toEqual(STALE)
    },
  )
})

describe('WeChat’s check of a callback URL', () => {
  it.each(challenges)('gets its echostr back: $from', ({ token, timestamp, nonce, signature, echostr }) => {
    for (const mode of ['plain', 'compatible', 'security'] as const) {
      expect(
        answerChallenge({
          account: account(mode, { token }),
          query: { signature, timestamp, nonce, echostr },
        }),
      ).toEqual({ ok: true, echo: echostr })
    }
  })

  const encryptedChallenge = (trailingId = 'wx0123456789abcdef') => {
    const echostr = encrypt('4375120948345356249', trailingId, decodeAesKey(KEY))
    const msg_signature = signatureOf('token', String(AT), NONCE, echostr)
    return { msg_signature, timestamp: String(AT), nonce: NONCE, echostr }
  }

  it('gets an encrypted echostr back decrypted', () => {
    expect(answerChallenge({ account: account('security'), query: encryptedChallenge() })).toEqual({
      ok: true,
      echo: '4375120948345356249',
    })
  })

  it.each([
    ['the push that WeChat sent', officialPush.message],
    ['a push in XML', xml('hi')],
    ['a block of a push', 'o1</FromUserName'],
    ['bytes', '\u0000\u0001'],
    ['a text longer than a challenge', '1'.repeat(65)],
    ['nothing', ''],
  ])('does not get a ciphertext decrypted that is not a challenge: %s', (_, message) => {
    const echostr = encrypt(message, 'wx0123456789abcdef', decodeAesKey(KEY))
    const query = {
      ...encryptedChallenge(),
      echostr,
      msg_signature: signatureOf('token', String(AT), NONCE, echostr),
    }
    expect(answerChallenge({ account: account('security'), query })).toEqual(
      undecryptable('the encrypted echostr is not a challenge'),
    )
  })

  it.each<[string, CallbackAccount, Record<string, string>, string?]>([
    ['without any signature', account('plain'), { timestamp: '1', nonce: '2', echostr: '3' }],
    [
      'with a wrong signature',
      account('plain'),
      { signature: 'a'.repeat(40), timestamp: '1', nonce: '2', echostr: '3' },
    ],
    [
      'encrypted, with a wrong signature',
      account('security'),
      { ...encryptedChallenge(), msg_signature: 'a'.repeat(40) },
    ],
    ['encrypted, with another nonce', account('security'), { ...encryptedChallenge(), nonce: 'other' }],
    [
      'encrypted for another appId',
      account('security'),
      encryptedChallenge('wxsomebodyelse'),
      'another appId',
    ],
    ['encrypted, and the account has no key', account('plain'), encryptedChallenge()],
    [
      'encrypted with another key',
      account('security', { encodingAesKey: officialPush.encodingAesKey }),
      encryptedChallenge(),
      'padding',
    ],
    [
      'signed as encrypted, but plain',
      account('security'),
      { msg_signature: signatureOf('token', '1', '2', '3'), timestamp: '1', nonce: '2', echostr: '3' },
      'wrong length',
    ],
  ])('is refused to an unauthenticated client: %s', (_name, receiver, query, reason = 'bad signature') => {
    expect(answerChallenge({ account: receiver, query })).toMatchObject(
      refused(expect.stringContaining(reason)),
    )
  })
})
