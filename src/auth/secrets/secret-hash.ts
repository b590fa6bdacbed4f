import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 32

/** 256 random bits as text, for a URL, a header or a cookie. */
export const newSecret = (prefix = ''): string => prefix + randomBytes(SECRET_BYTES).toString('base64url')

/** The stored hash of a secret with 256 random bits. Such a secret cannot be guessed, so one round is enough. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** A hash that needs the key. */
export const keyedHash = (key: string, secret: string): string =>
  createHmac('sha256', key).update(secret).digest('hex')

/** Compares digests, so that the time depends on neither content nor length. */
export function constantTimeEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
