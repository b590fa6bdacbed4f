import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { ClientReader } from './client-address.ts'

const HALF_A_YEAR = 'max-age=15552000'
const self = ["'self'"]
const none = ["'none'"]
const POLICY = {
  // A page may set its own: the link to WeChat's authorisation page must send a Referer.
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
 * Security headers of every response. Scripts, styles and images must come from this server and not be inline. No site may
 * frame a page. No Referer is sent. Nothing is cached, unless the response sets `cache-control`. Requests over https get HSTS.
 */
export function createHeaders(client: ClientReader): MiddlewareHandler {
  const plain = secureHeaders({ ...POLICY, strictTransportSecurity: false })
  const byHttps = secureHeaders({ ...POLICY, strictTransportSecurity: HALF_A_YEAR })
  return async function headers(c, next) {
    await (client(c).https ? byHttps(c, next) : plain(c, next))
    // Responses have personal data, and secrets that are shown once.
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
  }
}
