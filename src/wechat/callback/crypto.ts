import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * WeChat's signatures and message encryption.
 * Source: 消息加解密说明, https://developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md
 */

/** A ciphertext or key that is not WeChat's; `message` says why. */
export class WechatCryptoError extends Error {
  override name = 'WechatCryptoError'
}

/** Messages are padded to a multiple of this; the cipher's own blocks have half of it. */
const BLOCK = 32
const AES_BLOCK = 16
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

/** What a ciphertext holds. `trouble`: why nothing of it may be believed; for the log alone. */
export interface Decrypted {
  problem: string | null
  /** With a `trouble`: all behind the head, so that whoever reads on has the same work whatever was wrong. */
  message: Buffer
}

/**
 * Opens a ciphertext that must end with `id`: `random(16) + length(4, big-endian) + message + id`, padded to blocks of 32.
 * Nothing authenticates it but the signature with the token, so that whoever has the token may ask what alterations of it
 * open to. He must not learn which check refuses one: with CBC that would be a padding oracle (S. Vaudenay, Security Flaws
 * Induced by CBC Padding, Eurocrypt 2002). All checks are made whatever the first of them says.
 */
export function decryptForId(encrypted: string, key: Buffer, id: string): Decrypted {
  const { plain, end, length, trouble: problem } = decryptBlocks(encrypted, key)
  const wanted = Buffer.from(id, 'utf8')
  const from = end - wanted.length
  const tail = Buffer.alloc(wanted.length)
  plain.copy(tail, 0, Math.max(0, from), end)
  const isSame = timingSafeEqual(tail, wanted)
  const isThere = HEAD + length === from
  const reason = problem ?? (isSame && isThere ? null : 'encrypted for another appId')
  return { problem: reason, message: plain.subarray(HEAD, reason === null ? from : plain.length) }
}

/**
 * Opens a ciphertext whose trailing id the caller compares. Only for what no stranger can send: an error says what is wrong.
 * @throws WechatCryptoError when it is not one, every padding byte checked
 */
export function decrypt(encrypted: string, key: Buffer): { message: Buffer; trailingId: string } {
  const { plain, end, length, trouble: problem } = decryptBlocks(encrypted, key)
  if (problem !== null) throw new WechatCryptoError(problem)
  return {
    message: plain.subarray(HEAD, HEAD + length),
    trailingId: plain.subarray(HEAD + length, end).toString('utf8'),
  }
}

/** `end`: where the padding begins; `length`: the message's, as it says. Both are nonsense where there is a `trouble`. */
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
  return { plain, end, length, trouble: problem }
}

/** Looks at as many bytes whatever they are: whether the last `pad` of them all are `pad`. */
function hasPadding(plain: Buffer, pad: number): boolean {
  let wrong = 0
  for (let back = 1; back <= BLOCK; back++) {
    // -1, all bits, within the padding; 0 before it. A byte that is not there differs from every other.
    const inside = (back - 1 - pad) >> 31
    wrong |= inside & ((plain[plain.length - back] ?? 0x100) ^ pad)
  }
  return wrong === 0 && pad >= 1 && pad <= BLOCK
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
