import { readFileSync } from 'node:fs'
import type { Hono } from 'hono'
import { type Asset, asset, CSS, JAVASCRIPT, sendAsset } from '../../ui/serve-asset.ts'
import { baseStyles, iconSvg, styleOf } from '../../ui/styles.ts'
import { SIMULATOR_SCRIPTS, simulatorScripts } from './simulator-scripts.ts'

/** In the order of the cascade, after the shared styles. */
const STYLES = ['shell', 'phone', 'crowd', 'accounts'] as const

/** `/assets/…`: styles, drawings and scripts. */
export function serveFiles(app: Hono): void {
  const own = STYLES.map((name) => readFileSync(new URL(`./assets/${name}.css`, import.meta.url), 'utf8'))
  const shared = (['bubble', 'grant-meter', 'charts'] as const).map(styleOf)
  const css = asset([baseStyles(), ...shared, ...own].join('\n'), CSS)
  const icon = asset(iconSvg(), 'image/svg+xml')
  app.get('/assets/simulator.css', (c) => sendAsset(c, css))
  app.get('/assets/icon.svg', (c) => sendAsset(c, icon))
  for (const name of SIMULATOR_SCRIPTS) {
    let bundled: Promise<Asset> | undefined
    app.get(`/assets/scripts/${name}.js`, async (c) => {
      bundled ??= simulatorScripts().then((scripts) => asset(scripts.get(`${name}.js`) ?? '', JAVASCRIPT))
      return sendAsset(c, await bundled)
    })
  }
}
