import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Who may call the API and see the console: whoever has the admin token. */
export interface Auth {
  isToken(given: string | undefined): boolean
  /** Whether an `Authorization` header bears the token. */
  isBearer(authorization: string | undefined): boolean
  /** A session for a browser: signed, not the token itself. */
  newSession(): string
  isSession(given: string | undefined): boolean
}

const SESSION_MS = 12 * 3_600_000

export function createAuth(adminToken: string, now: () => number): Auth {
  const key = createHmac('sha256', adminToken).update('console sessions').digest()
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url')
  const digest = (text: string) => createHmac('sha256', key).update(text).digest()
  // Compared by their digests: constant time whatever their lengths.
  const isToken = (given: string | undefined) =>
    given !== undefined && timingSafeEqual(digest(given), digest(adminToken))
  return {
    isToken,
    isBearer: (authorization) => isToken(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1]),
    newSession() {
      const body = `${now() + SESSION_MS}.${randomBytes(12).toString('base64url')}`
      return `${body}.${sign(body)}`
    },
    isSession(given) {
      const [until, salt, signature] = (given ?? '').split('.')
      if (!until || !salt || !signature || Number(until) < now()) return false
      return timingSafeEqual(digest(signature), digest(sign(`${until}.${salt}`)))
    },
  }
}
