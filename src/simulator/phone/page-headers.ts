import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

/**
 * For the simulator's pages: their own script and style, none of it inline, in nobody's frame. No `form-action`: the
 * authorisation page's form leads back to the platform, elsewhere.
 */
export function pageHeaders(): MiddlewareHandler {
  const self = ["'self'"]
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: self,
      scriptSrc: self,
      styleSrc: self,
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // A form of our own must say where it comes from: without a referrer it would send `Origin: null`.
    referrerPolicy: 'same-origin',
    strictTransportSecurity: false,
  })
}
