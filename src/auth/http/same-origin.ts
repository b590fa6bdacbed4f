import type { MiddlewareHandler } from 'hono'
import { csrf } from 'hono/csrf'
import type { Refusals } from '../refusals.ts'
import type { ClientReader } from './client-address.ts'

/**
 * Refuses (403) what a page of another site sends: the browser says where a form comes from. Where it says neither
 * `Origin` nor `Sec-Fetch-Site` it is no browser, and has no cookie that somebody else could use.
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
      // A proxy that ends TLS passes on the host, and the request as http.
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
