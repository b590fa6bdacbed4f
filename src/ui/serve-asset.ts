import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Context } from 'hono'

export const JAVASCRIPT = 'text/javascript; charset=utf-8'
export const CSS = 'text/css; charset=utf-8'

/** A file for browsers. */
export interface Asset {
  bytes: Uint8Array<ArrayBuffer>
  /** Compressed once. */
  gzip: Uint8Array<ArrayBuffer>
  tag: string
  type: string
}

export function asset(content: string, type: string): Asset {
  const bytes = new TextEncoder().encode(content)
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  return { bytes, gzip: new Uint8Array(gzipSync(bytes, { level: 9 })), tag, type }
}

/** Browsers keep it, and ask by its ETag whether it has changed. */
export function sendAsset(c: Context, { bytes, gzip, tag, type }: Asset): Response {
  const headers = { 'content-type': type, 'cache-control': 'no-cache', etag: tag, vary: 'accept-encoding' }
  if (c.req.header('if-none-match') === tag) return c.body(null, 304, headers)
  if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(bytes, 200, headers)
  return c.body(gzip, 200, { ...headers, 'content-encoding': 'gzip' })
}
