import { randomBytes } from 'node:crypto'
import { constantTimeEqual, keyedHash } from './secret-hash.ts'

const SECRET_BYTES = 32
const SIGNATURE_LENGTH = 32
const SIGNED_TOKEN = /^([\w-]{43})\.([0-9a-f]{32})$/

/**
 * Tokens for cookies and URLs: 256 random bits as text, with a signature. A forged token is recognised without a query of
 * the store, so it costs almost nothing.
 */
export interface SignedTokens {
  issue(): string
  isGenuine(secret: string): boolean
}

/**
 * @param key the same in all processes of a deployment; another key invalidates all tokens
 * @param purpose a token is valid only for its purpose
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
