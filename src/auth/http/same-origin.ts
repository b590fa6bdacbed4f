import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Refusals } from '../refusals.ts'
import type { ClientReader } from './client-address.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD'])

/**
 * Refuses (403) changes that a page of another site asks for, by the headers of browsers and whatever the type of the body. A
 * request without `Origin` and `Sec-Fetch-Site` is not from a browser, so it has no cookie that another site could misuse.
 * Browsers send `Origin` with every method but GET and HEAD (https://fetch.spec.whatwg.org/#origin-header).
 */
export function createSameOrigin(options: {
  client: ClientReader
  publicUrl: string | null
  refusals: Refusals
}): MiddlewareHandler {
  const { client, publicUrl, refusals } = options
  const isOwn = (origin: string, c: Context) => {
    const here = new URL(c.req.url)
    // A proxy that terminates TLS forwards the host, and the request as http.
    const known = [
      here.origin,
      client(c).https && `https://${here.host}`,
      publicUrl && new URL(publicUrl).origin,
    ]
    return known.includes(origin)
  }
  return async function sameOrigin(c, next) {
    const origin = c.req.header('origin')
    const site = c.req.header('sec-fetch-site')
    const isDeclared = origin !== undefined || site !== undefined
    const isFromHere = site === 'same-origin' || (origin !== undefined && isOwn(origin, c))
    if (SAFE_METHODS.has(c.req.method) || !isDeclared || isFromHere) return next()
    refusals.record({ where: 'console', reason: 'origin', address: client(c).address })
    throw new HTTPException(403)
  }
}
