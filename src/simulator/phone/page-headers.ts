import type { MiddlewareHandler } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

/**
 * Security headers of the simulator's pages: scripts and styles of its own only, none inline, no framing. There is no
 * `form-action`, because the authorisation page's form redirects to the platform on another site.
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
    // Without a referrer, a form of the simulator would send `Origin: null`.
    referrerPolicy: 'same-origin',
    strictTransportSecurity: false,
  })
}
