import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Hono } from 'hono'
import { type Asset, asset, CSS, JAVASCRIPT, sendAsset } from '../ui/serve-asset.ts'
import { baseStyles, iconSvg, styleOf } from '../ui/styles.ts'
import { BROWSER_SCRIPTS, browserScripts } from './browser-scripts.ts'

/** In the order of the cascade, after the styles of every page. */
const STYLES = [
  'facts.css',
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
/** Parts that the simulator's pages have too. */
const SHARED_STYLES = ['bubble', 'grant-meter', 'charts'] as const

/** `/assets/…`: styles, drawings and scripts. Browsers keep them, and ask by their ETag whether they have changed. */
export function serveAssets(app: Hono): void {
  const read = (path: string) => readFileSync(new URL(`./assets/${path}`, import.meta.url), 'utf8')
  const library = (path: string) => readFileSync(createRequire(import.meta.url).resolve(path), 'utf8')
  const styles = [baseStyles(), ...SHARED_STYLES.map(styleOf), ...STYLES.map(read)].join('\n')
  const css = asset(styles, CSS)
  const icon = asset(iconSvg(), 'image/svg+xml')
  const htmx = asset(library('htmx.org/dist/htmx.min.js'), JAVASCRIPT)
  const sse = asset(library('htmx.org/dist/ext/hx-sse.min.js'), JAVASCRIPT)
  app.get('/assets/console.css', (c) => sendAsset(c, css))
  app.get('/assets/icon.svg', (c) => sendAsset(c, icon))
  app.get('/assets/htmx.js', (c) => sendAsset(c, htmx))
  app.get('/assets/hx-sse.js', (c) => sendAsset(c, sse))
  for (const name of BROWSER_SCRIPTS) {
    let bundled: Promise<Asset> | undefined
    app.get(`/assets/scripts/${name}.js`, async (c) => {
      bundled ??= browserScripts().then((scripts) => asset(scripts.get(`${name}.js`) ?? '', JAVASCRIPT))
      return sendAsset(c, await bundled)
    })
  }
}
