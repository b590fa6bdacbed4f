import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * WeChat's signatures and message encryption.
 * Source: 消息加解密说明, https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md
 */

/** A ciphertext or a key that is invalid. `message` has the reason. */
export class WechatCryptoError extends Error {
  override name = 'WechatCryptoError'
}

/** Messages are padded to a multiple of this. The blocks of AES have half of it. */
const BLOCK = 32
const AES_BLOCK = 16
const RANDOM_BYTES = 16
const LENGTH_BYTES = 4
const HEAD = RANDOM_BYTES + LENGTH_BYTES

/** SHA-1 of the sorted and joined parts: token, timestamp and nonce, and `Encrypt` in the encrypted modes. */
export function signatureOf(...parts: string[]): string {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

/** Compares a signature in constant time. False for anything but 40 hexadecimal digits in lowercase. */
export function signatureMatches(given: string | undefined, ...parts: string[]): boolean {
  const expected = Buffer.from(signatureOf(...parts))
  const actual = Buffer.from(given ?? '')
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

/**
 * Decodes an EncodingAESKey: 43 characters of base64 without the `=`. Unused bits of the last character are ignored.
 * @throws WechatCryptoError
 */
export function decodeAesKey(encodingAesKey: string): Buffer {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  if (!/^[A-Za-z0-9+/]{43}$/.test(encodingAesKey) || key.length !== 32) {
    throw new WechatCryptoError('EncodingAESKey must be 43 letters and digits')
  }
  return key
}

/** A decrypted message. */
export interface Decrypted {
  /** Why the message must be refused; null when it is valid. For the log only. */
  problem: string | null
  /** With a problem it is everything after the head, so that later work takes the same time whatever the problem is. */
  message: Buffer
}

/**
 * Decrypts a ciphertext that must end with `id`: `random(16) + length(4, big-endian) + message + id`, padded to blocks of 32.
 * Only the signature with the token authenticates it, so anybody with the token can send altered ciphertexts. Such a client
 * must not learn which check failed: with CBC that would be a padding oracle (S. Vaudenay, Security Flaws Induced by CBC
 * Padding, Eurocrypt 2002). Every check is therefore made, whatever the others find.
 */
export function decryptForId(encrypted: string, key: Buffer, id: string): Decrypted {
  const { plain, end, length, problem: blockProblem } = decryptBlocks(encrypted, key)
  const expectedId = Buffer.from(id, 'utf8')
  const from = end - expectedId.length
  const trailingId = Buffer.alloc(expectedId.length)
  plain.copy(trailingId, 0, Math.max(0, from), end)
  const isSameId = timingSafeEqual(trailingId, expectedId)
  const isInPlace = HEAD + length === from
  const problem = blockProblem ?? (isSameId && isInPlace ? null : 'encrypted for another appId')
  return { problem, message: plain.subarray(HEAD, problem === null ? from : plain.length) }
}

/**
 * Decrypts a ciphertext and returns its trailing id, which the caller must compare. Only for input that no unauthenticated
 * client can send, because the error reveals which check failed.
 * @throws WechatCryptoError when it is not a valid ciphertext; every padding byte is checked
 */
export function decrypt(encrypted: string, key: Buffer): { message: Buffer; trailingId: string } {
  const { plain, end, length, problem } = decryptBlocks(encrypted, key)
  if (problem !== null) throw new WechatCryptoError(problem)
  return {
    message: plain.subarray(HEAD, HEAD + length),
    trailingId: plain.subarray(HEAD + length, end).toString('utf8'),
  }
}

/** `end`: the offset of the padding. `length`: the message's length as it claims. Both are meaningless with a problem. */
function decryptBlocks(encrypted: string, key: Buffer) {
  const cipher = Buffer.from(encrypted, 'base64')
  const blocks = cipher.subarray(0, cipher.length - (cipher.length % AES_BLOCK))
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(blocks), decipher.final()])
  const pad = plain.at(-1) ?? 0
  const end = Math.max(0, plain.length - pad)
  const length = plain.length < HEAD ? 0 : plain.readUInt32BE(RANDOM_BYTES)
  const isPadded = hasPadding(plain, pad)
  const isWhole = blocks.length > 0 && blocks.length === cipher.length
  const problem = !isWhole
    ? 'ciphertext has a wrong length'
    : !isPadded
      ? 'padding is wrong: another key, or a damaged message'
      : end < HEAD
        ? 'message is too short'
        : HEAD + length > end
          ? 'message length is wrong'
          : null
  return { plain, end, length, problem }
}

/** True when each of the last `pad` bytes is `pad`. Reads the same number of bytes in every case. */
function hasPadding(plain: Buffer, pad: number): boolean {
  let wrong = 0
  for (let back = 1; back <= BLOCK; back++) {
    // `inside` is -1 (all bits set) within the padding and 0 before it. A missing byte differs from every other.
    const inside = (back - 1 - pad) >> 31
    wrong |= inside & ((plain[plain.length - back] ?? 0x100) ^ pad)
  }
  return wrong === 0 && pad >= 1 && pad <= BLOCK
}

/** Encrypts a message as `decrypt` reads it. `random` is for test vectors only. */
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
