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

/** Encrypts exactly these bytes, so that a test can change any part of the plaintext. */
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

describe('signatures made by WeChat and by public SDKs', () => {
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
  ] as const)('are valid for %s', (_name, parts, signature) => {
    expect(signatureOf(...parts)).toBe(signature)
    expect(signatureMatches(signature, ...parts)).toBe(true)
  })

  it('do not depend on the order of the parts', () => {
    expect(signatureOf('c', 'a', 'b')).toBe(signatureOf('a', 'b', 'c'))
  })
})

describe('an invalid signature', () => {
  const parts = ['token', '1714036504', 'nonce']
  const good = signatureOf(...parts)

  it.each([
    ['it is missing', undefined],
    ['it is empty', ''],
    ['a digit was changed', good.replace(/.$/, (d) => (d === '0' ? '1' : '0'))],
    ['it is too short', good.slice(0, 39)],
    ['it is too long', `${good}0`],
    ['it is in uppercase', good.toUpperCase()],
    ['it is 40 characters that are not digits', '字'.repeat(40)],
  ])('is refused when %s', (_name, given) => {
    expect(signatureMatches(given, ...parts)).toBe(false)
  })

  it('is refused when it was made from other parts', () => {
    expect(signatureMatches(good, 'token', '1714036505', 'nonce')).toBe(false)
  })
})

describe('messages encrypted by WeChat and by public SDKs', () => {
  const replyOfGuide = { ...officialPush, ...officialReply }

  it.each([
    ['the official push', officialPush],
    ['the official reply', replyOfGuide],
    ['the Chinese text of WxJava', wxJavaText],
    ['the real push of 2014', senparcPush],
  ])('are decrypted: %s', (_name, vector) => {
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
    'are encrypted to the same bytes: %s',
    (_name, { message, appId, encodingAesKey, random, encrypt: expected }) => {
      expect(encrypt(message, appId, decodeAesKey(encodingAesKey), Buffer.from(random))).toBe(expected)
    },
  )
})

describe('this code and the npm package of WeCom', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  const id = fc.stringMatching(/^wx[0-9a-f]{16}$/)

  it('decrypt what the package encrypts', () => {
    fc.assert(
      fc.property(text, id, (message, appId) => {
        expect(open(wecom.encrypt(KEY, message, appId))).toEqual({ message, trailingId: appId })
      }),
    )
  })

  it('encrypt what the package decrypts', () => {
    fc.assert(
      fc.property(text, id, (message, appId) => {
        const opened = wecom.decrypt(KEY, encrypt(message, appId, decodeAesKey(KEY)))
        expect({ message: opened.message, id: opened.id }).toEqual({ message, id: appId })
      }),
    )
  })

  it('make the same signatures', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.string(), fc.base64String(), (token, at, nonce, sealed) => {
        expect(signatureOf(token, String(at), nonce, sealed)).toBe(
          wecom.getSignature(token, at, nonce, sealed),
        )
      }),
    )
  })
})

describe('an outgoing message', () => {
  it('is padded to blocks of 32, with a full block when it already fits', () => {
    const key = decodeAesKey(KEY)
    const lengths = [0, 1, 31, 32].map(
      (more) => Buffer.from(encrypt('m'.repeat(12 + more), '', key), 'base64').length,
    )
    expect(lengths).toEqual([64, 64, 64, 96])
  })

  it('is encrypted differently each time', () => {
    const key = decodeAesKey(KEY)
    expect(encrypt('hello', APP_ID, key)).not.toBe(encrypt('hello', APP_ID, key))
  })

  it('has its length in bytes, not in characters', () => {
    expect(open(encrypt('你好👋', APP_ID, decodeAesKey(KEY)))).toEqual({
      message: '你好👋',
      trailingId: APP_ID,
    })
  })
})

describe('the padding of an incoming message', () => {
  it.each(Array.from({ length: 32 }, (_, i) => i + 1))('may be %i bytes', (pad) => {
    const message = 'm'.repeat(96 - 20 - APP_ID.length - pad)
    expect(open(seal(padded(plaintext(message, APP_ID), pad)))).toEqual({ message, trailingId: APP_ID })
  })

  const whole = plaintext('m'.repeat(96 - 20 - APP_ID.length), APP_ID)
  const endingWith = (...tail: number[]) =>
    seal(Buffer.concat([whole.subarray(0, 96 - tail.length), Buffer.from(tail)]))

  it.each([
    ['has the length 0', endingWith(0)],
    ['is longer than a block', seal(padded(whole, 48))],
    ['has one wrong byte', endingWith(3, 2, 3)],
    ['has a wrong first byte', endingWith(2, 3, 3, 3, 4)],
    ['is longer than the message', seal(Buffer.alloc(16, 32))],
  ])('is refused when it %s', (_name, encrypted) => {
    expect(() => open(encrypted)).toThrow(WechatCryptoError)
    expect(() => open(encrypted)).toThrow('padding is wrong')
  })
})

describe('an invalid ciphertext', () => {
  it.each([
    ['an empty one', '', 'wrong length'],
    ['a length that is not a multiple of 16', Buffer.alloc(33).toString('base64'), 'wrong length'],
    ['a text that is not base64', '你好', 'wrong length'],
    ['a plaintext without a head', seal(Buffer.alloc(32, 16)), 'too short'],
    ['a length beyond its end', seal(padded(plaintext('hello', APP_ID, 5 + 18 + 1))), 'length is wrong'],
    ['a length of 4 GiB', seal(padded(plaintext('hello', APP_ID, 0xffffffff))), 'length is wrong'],
  ])('is refused: %s', (_name, encrypted, reason) => {
    expect(() => open(encrypted)).toThrow(WechatCryptoError)
    expect(() => open(encrypted)).toThrow(reason)
  })

  it('for another appId is decrypted with its trailing id, for the caller to compare', () => {
    expect(open(encrypt('hello', 'wxsomebodyelse', decodeAesKey(KEY))).trailingId).toBe('wxsomebodyelse')
  })

  it('is refused when it was made with another key', () => {
    const { encrypt: sealed } = officialPush
    expect(() => open(sealed, wxJavaText.encodingAesKey)).toThrow(WechatCryptoError)
  })

  it('with a changed byte is refused, or decrypts to something else', () => {
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
        // A change in the random head's block changes the message after it.
        expect(opened).not.toBe(
          JSON.stringify({ message: senparcPush.message, trailingId: senparcPush.appId }),
        )
      }),
    )
  })
})

describe('an EncodingAESKey', () => {
  it('has 32 bytes, and ignores unused bits of its last character', () => {
    expect(decodeAesKey('A'.repeat(43))).toEqual(Buffer.alloc(32))
    expect(decodeAesKey(`${'A'.repeat(42)}B`)).toEqual(Buffer.alloc(32))
    expect(decodeAesKey(KEY)).toHaveLength(32)
  })

  it.each([
    ['empty', ''],
    ['too short', 'A'.repeat(42)],
    ['too long', 'A'.repeat(44)],
    ['with its "="', `${'A'.repeat(42)}=`],
    ['of other characters', `${'A'.repeat(42)}!`],
    ['followed by a line break', `${'A'.repeat(43)}\n`],
  ])('is refused when it is %s', (_name, encodingAesKey) => {
    expect(() => decodeAesKey(encodingAesKey)).toThrow(WechatCryptoError)
  })
})
