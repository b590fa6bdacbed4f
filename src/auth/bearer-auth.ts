import type { Log } from '../shared/log.ts'
import type { ApiTokenStore } from '../store/users/api-token-store.ts'
import { ADMIN_TOKEN_ACTOR } from './actors.ts'
import { createNetworkAttemptLimiter } from './attempt-limiter.ts'
import type { KnownCredentials } from './known-credentials.ts'
import type { Principal } from './principal.ts'
import { constantTimeEqual, hashSecret } from './secrets/secret-hash.ts'

export type BearerResult =
  | { kind: 'authenticated'; principal: Principal }
  | { kind: 'none' }
  | { kind: 'wrong' }
  | { kind: 'expired' }
  /** Too many wrong tokens from this address. The next attempt is possible in `ms`. */
  | { kind: 'wait'; ms: number }

/** Authenticates an `Authorization` header. */
export type Authenticate = (
  authorization: string | undefined,
  address: string | null,
) => Promise<BearerResult>

export const API_TOKEN_PREFIX = 'fnt_'
/**
 * Wrong tokens per address: 100, then one a second; three times as many per IPv6 /48. This bounds the queries of the store:
 * a token of 256 bits cannot be guessed.
 */
const WRONG_TOKENS = { burst: 100, everyMs: 1_000 }

/**
 * Knows the admin token and the API tokens of the store. It also records when an API token was used; a failure to do so is
 * only logged.
 */
export function createAuthenticate(deps: {
  adminToken: string
  tokens: Pick<ApiTokenStore, 'find' | 'noteUse'>
  knownCredentials: Pick<KnownCredentials, 'recordBearer'>
  now: () => number
  log: Log
}): Authenticate {
  const { adminToken, tokens, knownCredentials, now, log } = deps
  const wrongTokenLimiter = createNetworkAttemptLimiter({ ...WRONG_TOKENS, now })

  const find = async (token: string): Promise<BearerResult> => {
    const apiToken = token.startsWith(API_TOKEN_PREFIX) ? await tokens.find(hashSecret(token)) : null
    if (!apiToken) return { kind: 'wrong' }
    if (apiToken.expiresAt !== null && apiToken.expiresAt <= now()) return { kind: 'expired' }
    await tokens.noteUse(apiToken).catch((err) => log.warn({ err }, 'use of an API token not recorded'))
    return { kind: 'authenticated', principal: { actor: apiToken.id, role: apiToken.role } }
  }

  const authenticate: Authenticate = async (authorization, address) => {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) return { kind: 'none' }
    // Checked before the limit: wrong tokens of others behind a shared address must not lock the holder out.
    if (constantTimeEqual(token, adminToken))
      return { kind: 'authenticated', principal: { actor: ADMIN_TOKEN_ACTOR, role: 'admin' } }
    const ms = wrongTokenLimiter.waitMs(address)
    if (ms > 0) return { kind: 'wait', ms }
    const found = await find(token)
    if (found.kind === 'wrong') wrongTokenLimiter.consume(address)
    return found
  }
  return async (authorization, address) => {
    const result = await authenticate(authorization, address)
    if (result.kind === 'authenticated' && authorization !== undefined)
      knownCredentials.recordBearer(authorization)
    return result
  }
}
