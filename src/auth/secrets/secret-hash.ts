import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 32

/** 256 random bits as text, for an address, a header or a cookie. */
export const newSecret = (prefix = ''): string => prefix + randomBytes(SECRET_BYTES).toString('base64url')

/** What the store keeps of a secret of 256 random bits: nobody finds it by trying, so that one hash is enough. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** A hash that only holders of the key can make. */
export const keyedHash = (key: string, secret: string): string =>
  createHmac('sha256', key).update(secret).digest('hex')

/** Compared by their digests: constant time, whatever their lengths. */
export function constantTimeEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
