import { randomBytes } from 'node:crypto'
import { keyedHash, sameText } from './secret-text.ts'

const SECRET_BYTES = 32
const MARK_LENGTH = 32
const MARKED = /^([\w-]{43})\.([0-9a-f]{32})$/

/**
 * Secrets that we give away and get back, in a cookie or an address: 256 random bits as text, and a mark that only holders
 * of the key can make. So a made-up one is known without a look into the store, and costs next to nothing.
 */
export interface MarkedSecrets {
  make(): string
  isOwn(secret: string): boolean
}

/**
 * @param key of all processes of a deployment the same; with another one all secrets are over
 * @param purpose a secret of one purpose is none of another
 */
export function createMarkedSecrets(key: string, purpose: string): MarkedSecrets {
  const markOf = (random: string) => keyedHash(key, `${purpose} ${random}`).slice(0, MARK_LENGTH)
  return {
    make() {
      const random = randomBytes(SECRET_BYTES).toString('base64url')
      return `${random}.${markOf(random)}`
    },
    isOwn(secret) {
      const [, random, mark] = MARKED.exec(secret) ?? []
      return random !== undefined && mark !== undefined && sameText(mark, markOf(random))
    },
  }
}

/** What browsers keep while signed in. */
export const sessionCookies = (adminToken: string): MarkedSecrets =>
  createMarkedSecrets(adminToken, 'session')
