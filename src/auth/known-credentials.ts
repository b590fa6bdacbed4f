import { LRUCache } from 'lru-cache'
import { constantTimeEqual, hashSecret } from './secrets/secret-hash.ts'
import { challengeTokens, sessionTokens } from './sign-in/browser-session.ts'

const MAX_BEARERS = 1_000

/** Whether a request probably belongs to somebody with access, decided without a query of the store. */
export interface KnownCredentials {
  /** @param cookie the session cookie or the cookie of the second step; a made-up one lacks the signature */
  hasCookie(cookie: string): boolean
  /** Whether the `Authorization` header has the admin token, or a token that this process has authenticated before. */
  hasBearer(authorization: string): boolean
  /** Remembers an authenticated `Authorization` header. */
  recordBearer(authorization: string): void
}

/** @param adminToken also the secret that cookies are signed with: another admin token makes all of them unknown */
export function createKnownCredentials(adminToken: string): KnownCredentials {
  const signed = [sessionTokens(adminToken), challengeTokens(adminToken)]
  const bearers = new LRUCache<string, true>({ max: MAX_BEARERS })
  return {
    hasCookie: (cookie) => signed.some((tokens) => tokens.isGenuine(cookie)),
    hasBearer: (authorization) =>
      bearers.has(hashSecret(authorization)) || constantTimeEqual(authorization, `Bearer ${adminToken}`),
    recordBearer: (authorization) => bearers.set(hashSecret(authorization), true),
  }
}
