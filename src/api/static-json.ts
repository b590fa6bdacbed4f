import type { Handler } from 'hono'

const utf8 = new TextEncoder()

/**
 * Responds with JSON that never changes. It is built at the first request and kept as bytes, so that requests of anonymous
 * clients cost almost nothing.
 */
export function staticJson(make: () => unknown): Handler {
  let bytes: Uint8Array<ArrayBuffer> | null = null
  return function serveStaticJson(c) {
    bytes ??= utf8.encode(JSON.stringify(make()))
    return c.body(bytes, 200, { 'content-type': 'application/json' })
  }
}
