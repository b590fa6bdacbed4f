import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import { asset, CSS, sendAsset, serveScripts } from '../../ui/serve-asset.ts'
import { iconSvg, sharedStyles } from '../../ui/styles.ts'
import { SIMULATOR_SCRIPTS, simulatorScripts } from './simulator-scripts.ts'

/** In the order of the cascade, after the shared styles. */
const STYLES = ['shell', 'phone', 'crowd', 'accounts'] as const

/** `/assets/…`: styles, drawings and scripts. */
export function serveFiles(app: Hono): void {
  const own = STYLES.map((name) => readFileSync(new URL(`./assets/${name}.css`, import.meta.url), 'utf8'))
  const css = asset([sharedStyles(), ...own].join('\n'), CSS)
  const icon = asset(iconSvg(), 'image/svg+xml')
  app.get('/assets/simulator.css', (c) => sendAsset(c, css))
  app.get('/assets/icon.svg', (c) => sendAsset(c, icon))
  serveScripts(app, SIMULATOR_SCRIPTS, simulatorScripts)
}
