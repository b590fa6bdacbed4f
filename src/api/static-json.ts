import type { Handler } from 'hono'

const utf8 = new TextEncoder()

/**
 * Answers with one and the same JSON: made at the first request, and then sent from the same bytes. For what everybody
 * may ask for, so that asking costs next to nothing however often it is done.
 */
export function staticJson(make: () => unknown): Handler {
  let bytes: Uint8Array<ArrayBuffer> | null = null
  return function serveStaticJson(c) {
    bytes ??= utf8.encode(JSON.stringify(make()))
    return c.body(bytes, 200, { 'content-type': 'application/json' })
  }
}
