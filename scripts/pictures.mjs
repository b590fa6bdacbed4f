// npm run pictures: takes the pictures of docs/images/console/ again. `npm run pictures overview editor` takes those of two screens.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensureDeps } from './ensure-deps.mjs'
import { ensureTestTools } from './ensure-test-tools.mjs'
import { LIVE_SCREEN_NAMES, SCREEN_NAMES } from './screen-names.mjs'

const root = new URL('..', import.meta.url)
const names = process.argv.slice(2)
const known = [...SCREEN_NAMES, ...LIVE_SCREEN_NAMES]
const wrong = names.find((name) => !known.includes(name))
if (wrong !== undefined) {
  process.stderr.write(
    `There is no screen "${wrong}". Usage: npm run pictures [SCREEN …]. The screens: ${known.join(', ')}\n`,
  )
  process.exit(2)
}
ensureDeps()
ensureTestTools()
const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
const asked = names.length === 0 ? known : names
const isLive = (name) => LIVE_SCREEN_NAMES.includes(name)
const files = [
  ...(asked.every(isLive) ? [] : ['test/browser/pictures.test.ts']),
  ...(asked.some(isLive) ? ['test/browser/phone-browser.test.ts'] : []),
]
const args = ['run', '--project', 'integration', ...files]
const { status } = spawnSync(process.execPath, [vitest, ...args], {
  cwd: fileURLToPath(root),
  env: { ...process.env, PICTURES: asked.join(',') },
  stdio: 'inherit',
})
process.exit(status ?? 1)
