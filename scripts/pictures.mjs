// npm run pictures: takes the pictures of docs/images/console/ again. `npm run pictures overview editor` takes those of two screens.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensureDeps } from './ensure-deps.mjs'
import { ensureTestTools } from './ensure-test-tools.mjs'

const names = process.argv.slice(2)
const wrong = names.find((name) => !/^[a-z-]+$/.test(name) || name.startsWith('-'))
if (wrong !== undefined) {
  process.stderr.write(
    `"${wrong}" is no screen. Usage: npm run pictures [SCREEN …], like npm run pictures overview editor\n`,
  )
  process.exit(2)
}
ensureDeps()
ensureTestTools()
const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
/** The simulator's pages are drawn by the test of the phone, beside a running product. */
const LIVE = ['phone', 'crowd']
const isLive = (name) => LIVE.includes(name)
const files = [
  ...(names.every(isLive) && names.length > 0 ? [] : ['test/browser/pictures.test.ts']),
  ...(names.some(isLive) || names.length === 0 ? ['test/browser/phone-browser.test.ts'] : []),
]
const args = ['run', '--project', 'integration', ...files]
const { status } = spawnSync(process.execPath, [vitest, ...args], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, PICTURES: names.length === 0 ? 'all' : names.join(',') },
  stdio: 'inherit',
})
process.exit(status ?? 1)
