import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import type { Context, Hono } from 'hono'
import { BROWSER_SCRIPTS, browserScripts } from './browser-scripts.ts'
import { TOKEN_CSS } from './design/tokens.ts'

/** In the order of the cascade. */
const STYLES = [
  'console.css',
  'forms.css',
  'facts.css',
  'campaigns.css',
  'bubble.css',
  'grant-meter.css',
  'followers.css',
  'accounts.css',
  'editor.css',
  'editor-forms.css',
  'start.css',
  'charts.css',
  'overview.css',
  'results.css',
  'library.css',
] as const
const JAVASCRIPT = 'text/javascript; charset=utf-8'

/** `/assets/…`: styles, drawings and scripts. Browsers keep them, and ask by their ETag whether they have changed. */
export function serveAssets(app: Hono): void {
  const read = (path: string) => readFileSync(new URL(`./assets/${path}`, import.meta.url), 'utf8')
  const library = (path: string) => readFileSync(createRequire(import.meta.url).resolve(path), 'utf8')
  const css = asset([TOKEN_CSS, ...STYLES.map(read)].join('\n'), 'text/css; charset=utf-8')
  const icon = asset(read('icon.svg'), 'image/svg+xml')
  const htmx = asset(library('htmx.org/dist/htmx.min.js'), JAVASCRIPT)
  const sse = asset(library('htmx.org/dist/ext/hx-sse.min.js'), JAVASCRIPT)
  app.get('/assets/console.css', (c) => send(c, css))
  app.get('/assets/icon.svg', (c) => send(c, icon))
  app.get('/assets/htmx.js', (c) => send(c, htmx))
  app.get('/assets/hx-sse.js', (c) => send(c, sse))
  for (const name of BROWSER_SCRIPTS) {
    let bundled: Promise<Asset> | undefined
    app.get(`/assets/scripts/${name}.js`, async (c) => {
      bundled ??= browserScripts().then((scripts) => asset(scripts.get(`${name}.js`) ?? '', JAVASCRIPT))
      return send(c, await bundled)
    })
  }
}

interface Asset {
  bytes: Uint8Array<ArrayBuffer>
  /** Compressed once. */
  gzip: Uint8Array<ArrayBuffer>
  tag: string
  type: string
}

function asset(content: string, type: string): Asset {
  const bytes = new TextEncoder().encode(content)
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  return { bytes, gzip: new Uint8Array(gzipSync(bytes, { level: 9 })), tag, type }
}

function send(c: Context, { bytes, gzip, tag, type }: Asset): Response {
  const headers = { 'content-type': type, 'cache-control': 'no-cache', etag: tag, vary: 'accept-encoding' }
  if (c.req.header('if-none-match') === tag) return c.body(null, 304, headers)
  if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(bytes, 200, headers)
  return c.body(gzip, 200, { ...headers, 'content-encoding': 'gzip' })
}
