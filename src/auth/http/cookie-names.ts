/** What a browser keeps of its sign-in, and under which names. */
export interface CookieNames {
  /** A signed-in browser. */
  session: string
  /** A browser that owes a second factor. */
  challenge: string
  /** Of before: cleared, and never believed. */
  legacy: readonly string[]
}

const SESSION = 'nurture_session'
const CHALLENGE = 'nurture_second_step'

/**
 * With `__Host-` where every browser comes by https: a browser takes such a cookie only with Secure, Path=/ and no Domain,
 * so that no neighbour of this host can write one, nor anybody who changes an answer on an unencrypted way
 * (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-4.1.3.2).
 */
export function cookieNames(publicUrl: string | undefined): CookieNames {
  if (!publicUrl?.startsWith('https:')) return { session: SESSION, challenge: CHALLENGE, legacy: [] }
  return { session: `__Host-${SESSION}`, challenge: `__Host-${CHALLENGE}`, legacy: [SESSION] }
}
