/** Names of the cookies of a sign-in. */
export interface CookieNames {
  /** A signed-in browser. */
  session: string
  /** A browser between password and second factor. */
  challenge: string
  /** The page that a browser asked for before the sign-in. */
  returnPath: string
  /** Names of earlier versions, which are deleted and never accepted. */
  legacy: readonly string[]
}

const SESSION = 'nurture_session'
const CHALLENGE = 'nurture_second_step'
const RETURN_PATH = 'nurture_return'

/**
 * Cookie names, with the prefix `__Host-` if all browsers use https. Browsers accept such a cookie only with Secure, Path=/
 * and no Domain. So neither a sibling host nor an attacker on an unencrypted connection can set one
 * (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-4.1.3.2).
 */
export function cookieNames(publicUrl: string | undefined): CookieNames {
  if (!publicUrl?.startsWith('https:'))
    return { session: SESSION, challenge: CHALLENGE, returnPath: RETURN_PATH, legacy: [] }
  return {
    session: `__Host-${SESSION}`,
    challenge: `__Host-${CHALLENGE}`,
    returnPath: `__Host-${RETURN_PATH}`,
    legacy: [SESSION],
  }
}
