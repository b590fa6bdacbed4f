import { createHash, createHmac } from 'node:crypto'

/** The store's forms of a token and of a session's cookie, written down here a second time on purpose. */
export const digest = (secret: string): string => createHash('sha256').update(secret).digest('hex')
export const keyed = (key: string, secret: string): string =>
  createHmac('sha256', key).update(secret).digest('hex')
