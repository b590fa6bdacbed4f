import { randomBytes } from 'node:crypto'
import { keyedHash, sameText } from '../access/secret-text.ts'

const NONCE_BYTES = 18
const STATE = /^([\w-]{24})\.([0-9a-f]{32})$/

/**
 * The `state` that goes with an owner to WeChat's authorisation page and comes back: a random number, and a mark that only
 * holders of the key can make. So a made-up one is known without a look into the store.
 * @param key of all processes of a deployment the same
 */
export function createVisitStates(key: string) {
  const markOf = (nonce: string) => keyedHash(key, `authorisation visit ${nonce}`).slice(0, 32)
  return {
    begin(): string {
      const nonce = randomBytes(NONCE_BYTES).toString('base64url')
      return `${nonce}.${markOf(nonce)}`
    },
    isOwn(state: string): boolean {
      const [, nonce, mark] = STATE.exec(state) ?? []
      return nonce !== undefined && mark !== undefined && sameText(mark, markOf(nonce))
    },
  }
}
