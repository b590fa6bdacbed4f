import type { MiddlewareHandler } from 'hono'
import { csrf } from 'hono/csrf'
import type { Refusals } from '../refusals.ts'
import type { ClientReader } from './client-address.ts'

/**
 * Refuses (403) forms of other sites by the headers of browsers. A request without `Origin` and `Sec-Fetch-Site` is not from
 * a browser, so it has no cookie that another site could misuse.
 */
export function createSameOrigin(options: {
  client: ClientReader
  publicUrl: string | null
  refusals: Refusals
}): MiddlewareHandler {
  const { client, publicUrl, refusals } = options
  const guard = csrf({
    origin(origin, c) {
      const here = new URL(c.req.url)
      // A proxy that terminates TLS forwards the host, and the request as http.
      const known = [
        here.origin,
        client(c).https && `https://${here.host}`,
        publicUrl && new URL(publicUrl).origin,
      ]
      return known.includes(origin)
    },
  })
  return async function sameOrigin(c, next) {
    const declaredSource = c.req.header('origin') ?? c.req.header('sec-fetch-site')
    if (declaredSource === undefined) return next()
    let passed = false
    const callNext = () => {
      passed = true
      return next()
    }
    try {
      return await guard(c, callNext)
    } catch (err) {
      if (!passed) refusals.record({ where: 'console', reason: 'origin', address: client(c).address })
      throw err
    }
  }
}
