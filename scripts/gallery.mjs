// npm run gallery: plays every example of campaigns/ to its end on the simulator. `--only 04` or `--only 04,09` plays some of them.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureDeps } from './ensure-deps.mjs'
import { ensureTestTools } from './ensure-test-tools.mjs'

const root = new URL('..', import.meta.url)
const known = readdirSync(new URL('campaigns/', root)).flatMap((name) => /^(\d\d)-/.exec(name)?.[1] ?? [])
const fail = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
let only
try {
  only = parseArgs({ options: { only: { type: 'string' } } }).values.only
} catch (err) {
  fail(`${err.message}. Usage: npm run gallery [-- --only 04,09]`)
}
for (const number of only?.split(',') ?? [])
  if (!known.includes(number)) fail(`--only: there is no example ${number}; give some of ${known.join(', ')}`)

ensureDeps()
ensureTestTools()
const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
const args = [
  '--project',
  'integration',
  '--reporter',
  'verbose',
  '--maxConcurrency',
  '12',
  'test/e2e/gallery.test.ts',
]
const { status } = spawnSync(process.execPath, [vitest, 'run', ...args], {
  cwd: fileURLToPath(root),
  env: { ...process.env, GALLERY: only ?? 'all' },
  stdio: 'inherit',
})
process.exit(status ?? 1)
