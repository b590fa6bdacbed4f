import { createHash, createHmac } from 'node:crypto'

/** The stored hashes of a token and of a session cookie, implemented a second time to be independent of the product. */
export const digest = (secret: string): string => createHash('sha256').update(secret).digest('hex')
export const keyed = (key: string, secret: string): string =>
  createHmac('sha256', key).update(secret).digest('hex')
