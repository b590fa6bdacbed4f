import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * WeChat's signatures and message encryption.
 * Source: 消息加解密说明, https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md
 */

/** A ciphertext or key that is not WeChat's; `message` says why. */
export class WechatCryptoError extends Error {
  override name = 'WechatCryptoError'
}

const BLOCK = 32
const RANDOM_BYTES = 16
const LENGTH_BYTES = 4
const HEAD = RANDOM_BYTES + LENGTH_BYTES

/** sha1 over the sorted, joined parts: `[token, timestamp, nonce]`, and `Encrypt` as a fourth in encrypted modes. */
export function signatureOf(...parts: string[]): string {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

/** Compares in constant time; false for anything that is not 40 hex digits. */
export function signatureMatches(given: string | undefined, ...parts: string[]): boolean {
  const expected = Buffer.from(signatureOf(...parts))
  const actual = Buffer.from(given ?? '')
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

/** EncodingAESKey: 43 characters of base64 without their `=`; the last one may carry stray bits. */
export function decodeAesKey(encodingAesKey: string): Buffer {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  if (!/^[A-Za-z0-9+/]{43}$/.test(encodingAesKey) || key.length !== 32) {
    throw new WechatCryptoError('EncodingAESKey must be 43 letters and digits')
  }
  return key
}

/**
 * Opens a ciphertext: `random(16) + length(4, big-endian) + message + id`, padded to blocks of 32.
 * @throws WechatCryptoError when it is not one, every padding byte checked
 */
export function decrypt(encrypted: string, key: Buffer): { message: Buffer; trailingId: string } {
  const cipher = Buffer.from(encrypted, 'base64')
  if (cipher.length === 0 || cipher.length % 16 !== 0)
    throw new WechatCryptoError('ciphertext has a wrong length')
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(cipher), decipher.final()])
  const pad = padded.at(-1) ?? 0
  const padding = padded.subarray(padded.length - pad)
  if (pad < 1 || pad > BLOCK || pad > padded.length || !padding.every((b) => b === pad)) {
    throw new WechatCryptoError('padding is wrong: another key, or a damaged message')
  }
  const plain = padded.subarray(0, padded.length - pad)
  if (plain.length < HEAD) throw new WechatCryptoError('message is too short')
  const length = plain.readUInt32BE(RANDOM_BYTES)
  if (HEAD + length > plain.length) throw new WechatCryptoError('message length is wrong')
  return {
    message: plain.subarray(HEAD, HEAD + length),
    trailingId: plain.subarray(HEAD + length).toString('utf8'),
  }
}

/** The reverse of `decrypt`; `random` is for test vectors only. */
export function encrypt(
  message: string,
  id: string,
  key: Buffer,
  random: Buffer = randomBytes(RANDOM_BYTES),
): string {
  const body = Buffer.from(message, 'utf8')
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(body.length)
  const plain = Buffer.concat([random, length, body, Buffer.from(id, 'utf8')])
  const pad = BLOCK - (plain.length % BLOCK)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([
    cipher.update(plain),
    cipher.update(Buffer.alloc(pad, pad)),
    cipher.final(),
  ]).toString('base64')
}
