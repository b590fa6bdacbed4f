import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Hono } from 'hono'
import { asset, CSS, JAVASCRIPT, sendAsset, serveScripts } from '../ui/serve-asset.ts'
import { iconSvg, sharedStyles } from '../ui/styles.ts'
import { BROWSER_SCRIPTS, browserScripts } from './browser-scripts.ts'

/** In the order of the cascade, after the shared styles. */
const STYLES = [
  'facts.css',
  'steps.css',
  'campaigns.css',
  'followers.css',
  'accounts.css',
  'editor.css',
  'editor-forms.css',
  'start.css',
  'overview.css',
  'results.css',
  'library.css',
] as const

/** `/assets/…`: styles, drawings and scripts. Browsers keep them, and ask by their ETag whether they have changed. */
export function serveAssets(app: Hono): void {
  const read = (path: string) => readFileSync(new URL(`./assets/${path}`, import.meta.url), 'utf8')
  const library = (path: string) => readFileSync(createRequire(import.meta.url).resolve(path), 'utf8')
  const styles = [sharedStyles(), ...STYLES.map(read)].join('\n')
  const css = asset(styles, CSS)
  const icon = asset(iconSvg(), 'image/svg+xml')
  const htmx = asset(library('htmx.org/dist/htmx.min.js'), JAVASCRIPT)
  const sse = asset(library('htmx.org/dist/ext/hx-sse.min.js'), JAVASCRIPT)
  app.get('/assets/console.css', (c) => sendAsset(c, css))
  app.get('/assets/icon.svg', (c) => sendAsset(c, icon))
  app.get('/assets/htmx.js', (c) => sendAsset(c, htmx))
  app.get('/assets/hx-sse.js', (c) => sendAsset(c, sse))
  serveScripts(app, BROWSER_SCRIPTS, browserScripts)
}
