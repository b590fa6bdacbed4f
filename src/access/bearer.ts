import type { Log } from '../log.ts'
import type { ApiTokenStore } from '../store/api-tokens.ts'
import { createNetworkLimiter } from './limiter.ts'
import { hashOf, sameText } from './secret-text.ts'
import { ADMIN_TOKEN_ACTOR, type Who } from './who.ts'

export type Borne =
  | { kind: 'who'; who: Who }
  | { kind: 'none' }
  | { kind: 'wrong' }
  | { kind: 'expired' }
  /** Too many wrong tokens from there; there is a try again in so many ms. */
  | { kind: 'wait'; ms: number }

/** Who an `Authorization` header speaks for. */
export type ReadBearer = (authorization: string | undefined, address: string | null) => Promise<Borne>

export const API_TOKEN_PREFIX = 'fnt_'
/**
 * Wrong tokens of one address: a hundred, then one a second; of one IPv6 /48 three times as many. Nobody guesses 256 bits
 * in any number of tries: what is bounded are the look-ups in the store.
 */
const WRONG = { burst: 100, everyMs: 1_000 }

export function createReadBearer(deps: {
  adminToken: string
  tokens: Pick<ApiTokenStore, 'find' | 'noteUse'>
  now: () => number
  log: Log
}): ReadBearer {
  const { adminToken, tokens, now, log } = deps
  const wrong = createNetworkLimiter({ ...WRONG, now })

  const find = async (token: string): Promise<Borne> => {
    const known = token.startsWith(API_TOKEN_PREFIX) ? await tokens.find(hashOf(token)) : null
    if (!known) return { kind: 'wrong' }
    if (known.expiresAt !== null && known.expiresAt <= now()) return { kind: 'expired' }
    await tokens.noteUse(known).catch((err) => log.warn({ err }, 'use of an API token not noted'))
    return { kind: 'who', who: { actor: known.id, role: known.role } }
  }

  return async (authorization, address) => {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return { kind: 'none' }
    // Before the limiter: others who send wrong tokens from a shared address must not keep its holder out.
    if (sameText(token, adminToken)) return { kind: 'who', who: { actor: ADMIN_TOKEN_ACTOR, role: 'admin' } }
    const ms = wrong.waitMs(address)
    if (ms > 0) return { kind: 'wait', ms }
    const found = await find(token)
    if (found.kind === 'wrong') wrong.take(address)
    return found
  }
}
