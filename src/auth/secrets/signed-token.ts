import { randomBytes } from 'node:crypto'
import { constantTimeEqual, keyedHash } from './secret-hash.ts'

const SECRET_BYTES = 32
const SIGNATURE_LENGTH = 32
const SIGNED_TOKEN = /^([\w-]{43})\.([0-9a-f]{32})$/

/**
 * Secrets that we give away and get back, in a cookie or an address: 256 random bits as text, and a mark that only holders
 * of the key can make. So a made-up one is known without a look into the store, and costs next to nothing.
 */
export interface SignedTokens {
  issue(): string
  isGenuine(secret: string): boolean
}

/**
 * @param key of all processes of a deployment the same; with another one all secrets are over
 * @param purpose a secret of one purpose is none of another
 */
export function createSignedTokens(key: string, purpose: string): SignedTokens {
  const signatureOf = (random: string) => keyedHash(key, `${purpose} ${random}`).slice(0, SIGNATURE_LENGTH)
  return {
    issue() {
      const random = randomBytes(SECRET_BYTES).toString('base64url')
      return `${random}.${signatureOf(random)}`
    },
    isGenuine(secret) {
      const [, random, signature] = SIGNED_TOKEN.exec(secret) ?? []
      return (
        random !== undefined && signature !== undefined && constantTimeEqual(signature, signatureOf(random))
      )
    },
  }
}
