import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { ClientReader } from './client-address.ts'

const HALF_A_YEAR = 'max-age=15552000'
const self = ["'self'"]
const none = ["'none'"]
const POLICY = {
  // A page that knows better has its own: the way to WeChat's authorisation page must say where it began.
  overwrite: false,
  contentSecurityPolicy: {
    defaultSrc: self,
    scriptSrc: self,
    styleSrc: self,
    objectSrc: none,
    baseUri: none,
    formAction: self,
    frameAncestors: none,
  },
  xFrameOptions: 'DENY',
  referrerPolicy: 'no-referrer',
}

/**
 * What every answer tells the browser: no script, style or picture but this server's, none of it inline; in nobody's
 * frame; no address told to others; kept by no cache, unless the answer says otherwise; and, where it came by https,
 * https from now on.
 */
export function createHeaders(client: ClientReader): MiddlewareHandler {
  const plain = secureHeaders({ ...POLICY, strictTransportSecurity: false })
  const byHttps = secureHeaders({ ...POLICY, strictTransportSecurity: HALF_A_YEAR })
  return async function headers(c, next) {
    await (client(c).https ? byHttps(c, next) : plain(c, next))
    // Pages and answers show people, and secrets that are shown once.
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  }
}
