import { createCipheriv } from 'node:crypto'
import * as wecom from '@wecom/crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  challenges,
  officialPlainPush,
  officialPush,
  officialReply,
  senparcPush,
  wxJavaText,
} from '../../../test/fixtures/wechat-vectors.ts'
import { decodeAesKey, decrypt, encrypt, signatureMatches, signatureOf, WechatCryptoError } from './crypto.ts'

const KEY = 'mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY'
const APP_ID = 'wx0123456789abcdef'

/** Encrypts exactly these bytes, so that a test can spoil any part of the plaintext. */
function seal(plain: Buffer, encodingAesKey = KEY): string {
  const key = decodeAesKey(encodingAesKey)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64')
}

/** `random(16) + length(4) + message + id`, without padding. */
function plaintext(message: string, id: string, length = Buffer.byteLength(message)): Buffer {
  const head = Buffer.alloc(20, 'r')
  head.writeUInt32BE(length, 16)
  return Buffer.concat([head, Buffer.from(message), Buffer.from(id)])
}

const padded = (plain: Buffer, pad = 32 - (plain.length % 32)): Buffer =>
  Buffer.concat([plain, Buffer.alloc(pad, pad)])

const open = (encrypted: string, encodingAesKey = KEY) => {
  const { message, trailingId } = decrypt(encrypted, decodeAesKey(encodingAesKey))
  return { message: message.toString('utf8'), trailingId }
}

describe('signatures that WeChat and public SDKs made', () => {
  it.each([
    ...challenges.map((c) => [c.from, [c.token, c.timestamp, c.nonce], c.signature] as const),
    [
      'the official plain push',
      [officialPlainPush.token, officialPlainPush.timestamp, officialPlainPush.nonce],
      officialPlainPush.signature,
    ],
    [
      'the official push in security mode, without its body',
      [officialPush.token, officialPush.timestamp, officialPush.nonce],
      officialPush.signature,
    ],
    [
      'the official push in security mode',
      [officialPush.token, officialPush.timestamp, officialPush.nonce, officialPush.encrypt],
      officialPush.msgSignature,
    ],
    [
      'the official reply',
      [officialPush.token, officialReply.timestamp, officialReply.nonce, officialReply.encrypt],
      officialReply.msgSignature,
    ],
    [
      'the Chinese text of WxJava',
      [wxJavaText.token, wxJavaText.timestamp, wxJavaText.nonce, wxJavaText.encrypt],
      wxJavaText.msgSignature,
    ],
    [
      'the real push of 2014, without its body',
      [senparcPush.token, senparcPush.timestamp, senparcPush.nonce],
      senparcPush.signature,
    ],
    [
      'the real push of 2014',
      [senparcPush.token, senparcPush.timestamp, senparcPush.nonce, senparcPush.encrypt],
      senparcPush.msgSignature,
    ],
    [
      'node-webot',
      ['RMNlACHlV5ThzfRlVS4D4', 'timestamp', 'nonce', 'encrypt'],
      '8edac0945683c119ee71c9f6256d76c48aa08a96',
    ],
  ] as const)('holds for %s', (_name, parts, signature) => {
    expect(signatureOf(...parts)).toBe(signature)
    expect(signatureMatches(signature, ...parts)).toBe(true)
  })

  it('is the same whatever the order of its parts', () => {
    expect(signatureOf('c', 'a', 'b')).toBe(signatureOf('a', 'b', 'c'))
  })
})

describe('a signature that does not hold', () => {
  const parts = ['token', '1714036504', 'nonce']
  const good = signatureOf(...parts)

  it.each([
    ['a missing one', undefined],
    ['an empty one', ''],
    ['one with a changed digit', good.replace(/.$/, (d) => (d === '0' ? '1' : '0'))],
    ['one cut short', good.slice(0, 39)],
    ['one with something after it', `${good}0`],
    ['one in capitals', good.toUpperCase()],
    ['40 characters that are no digits', '字'.repeat(40)],
  ])('refuses %s', (_name, given) => {
    expect(signatureMatches(given, ...parts)).toBe(false)
  })

  it('refuses a good one over other parts', () => {
    expect(signatureMatches(good, 'token', '1714036505', 'nonce')).toBe(false)
  })
})

describe('messages that WeChat and public SDKs encrypted', () => {
  const replyOfGuide = { ...officialPush, ...officialReply }

  it.each([
    ['the official push', officialPush],
    ['the official reply', replyOfGuide],
    ['the Chinese text of WxJava', wxJavaText],
    ['the real push of 2014', senparcPush],
  ])('opens %s', (_name, vector) => {
    expect(open(vector.encrypt, vector.encodingAesKey)).toEqual({
      message: vector.message,
      trailingId: vector.appId,
    })
  })

  it.each([
    ['the official push', officialPush],
    ['the official reply', replyOfGuide],
    ['the Chinese text of WxJava', wxJavaText],
  ])(
    'makes %s again, byte for byte',
    (_name, { message, appId, encodingAesKey, random, encrypt: expected }) => {
      expect(encrypt(message, appId, decodeAesKey(encodingAesKey), Buffer.from(random))).toBe(expected)
    },
  )
})

describe('the npm package of WeCom and this code', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  const id = fc.stringMatching(/^wx[0-9a-f]{16}$/)

  it('opens what the package encrypts', () => {
    fc.assert(
      fc.property(text, id, (message, appId) => {
        expect(open(wecom.encrypt(KEY, message, appId))).toEqual({ message, trailingId: appId })
      }),
    )
  })

  it('encrypts what the package opens', () => {
    fc.assert(
      fc.property(text, id, (message, appId) => {
        const opened = wecom.decrypt(KEY, encrypt(message, appId, decodeAesKey(KEY)))
        expect({ message: opened.message, id: opened.id }).toEqual({ message, id: appId })
      }),
    )
  })

  it('signs alike', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.string(), fc.base64String(), (token, at, nonce, sealed) => {
        expect(signatureOf(token, String(at), nonce, sealed)).toBe(
          wecom.getSignature(token, at, nonce, sealed),
        )
      }),
    )
  })
})

describe('a message that goes out', () => {
  it('is padded to blocks of 32, a full block when it fits exactly', () => {
    const key = decodeAesKey(KEY)
    const lengths = [0, 1, 31, 32].map(
      (more) => Buffer.from(encrypt('m'.repeat(12 + more), '', key), 'base64').length,
    )
    expect(lengths).toEqual([64, 64, 64, 96])
  })

  it('never looks the same twice', () => {
    const key = decodeAesKey(KEY)
    expect(encrypt('hello', APP_ID, key)).not.toBe(encrypt('hello', APP_ID, key))
  })

  it('counts its length in bytes, not in characters', () => {
    expect(open(encrypt('你好👋', APP_ID, decodeAesKey(KEY)))).toEqual({
      message: '你好👋',
      trailingId: APP_ID,
    })
  })
})

describe('the padding of a message that comes in', () => {
  it.each(Array.from({ length: 32 }, (_, i) => i + 1))('may be %i bytes', (pad) => {
    const message = 'm'.repeat(96 - 20 - APP_ID.length - pad)
    expect(open(seal(padded(plaintext(message, APP_ID), pad)))).toEqual({ message, trailingId: APP_ID })
  })

  const whole = plaintext('m'.repeat(96 - 20 - APP_ID.length), APP_ID)
  const endingWith = (...tail: number[]) =>
    seal(Buffer.concat([whole.subarray(0, 96 - tail.length), Buffer.from(tail)]))

  it.each([
    ['is of length 0', endingWith(0)],
    ['is longer than a block', seal(padded(whole, 48))],
    ['has one wrong byte', endingWith(3, 2, 3)],
    ['has a wrong first byte', endingWith(2, 3, 3, 3, 4)],
    ['is longer than the message', seal(Buffer.alloc(16, 32))],
  ])('is refused when it %s', (_name, encrypted) => {
    expect(() => open(encrypted)).toThrow(WechatCryptoError)
    expect(() => open(encrypted)).toThrow('padding is wrong')
  })
})

describe('a ciphertext that is not WeChat’s', () => {
  it.each([
    ['nothing', '', 'wrong length'],
    ['a length that is no multiple of 16', Buffer.alloc(33).toString('base64'), 'wrong length'],
    ['no base64 at all', '你好', 'wrong length'],
    ['a plaintext without a head', seal(Buffer.alloc(32, 16)), 'too short'],
    ['a message longer than it is', seal(padded(plaintext('hello', APP_ID, 5 + 18 + 1))), 'length is wrong'],
    ['a length of 4 GiB', seal(padded(plaintext('hello', APP_ID, 0xffffffff))), 'length is wrong'],
  ])('is refused: %s', (_name, encrypted, why) => {
    expect(() => open(encrypted)).toThrow(WechatCryptoError)
    expect(() => open(encrypted)).toThrow(why)
  })

  it('shows its trailing id to the caller, who knows whose it must be', () => {
    expect(open(encrypt('hello', 'wxsomebodyelse', decodeAesKey(KEY))).trailingId).toBe('wxsomebodyelse')
  })

  it('is refused when it was made with another key', () => {
    const { encrypt: sealed } = officialPush
    expect(() => open(sealed, wxJavaText.encodingAesKey)).toThrow(WechatCryptoError)
  })

  it('is refused, or opens to something else, when a byte was changed on its way', () => {
    const cipher = Buffer.from(senparcPush.encrypt, 'base64')
    fc.assert(
      fc.property(fc.nat({ max: cipher.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(cipher)
        changed.writeUInt8(changed.readUInt8(at) ^ flip, at)
        let opened: string
        try {
          opened = JSON.stringify(open(changed.toString('base64'), senparcPush.encodingAesKey))
        } catch (err) {
          expect(err).toBeInstanceOf(WechatCryptoError)
          return
        }
        // The random head carries nothing: a change inside its block spoils only what follows it.
        expect(opened).not.toBe(
          JSON.stringify({ message: senparcPush.message, trailingId: senparcPush.appId }),
        )
      }),
    )
  })
})

describe('an EncodingAESKey', () => {
  it('is 32 bytes, and stray bits in its last character do no harm', () => {
    expect(decodeAesKey('A'.repeat(43))).toEqual(Buffer.alloc(32))
    expect(decodeAesKey(`${'A'.repeat(42)}B`)).toEqual(Buffer.alloc(32))
    expect(decodeAesKey(KEY)).toHaveLength(32)
  })

  it.each([
    ['empty', ''],
    ['too short', 'A'.repeat(42)],
    ['too long', 'A'.repeat(44)],
    ['with its "=" still on', `${'A'.repeat(42)}=`],
    ['of other characters', `${'A'.repeat(42)}!`],
    ['followed by a line break', `${'A'.repeat(43)}\n`],
  ])('is refused when it is %s', (_name, encodingAesKey) => {
    expect(() => decodeAesKey(encodingAesKey)).toThrow(WechatCryptoError)
  })
})
