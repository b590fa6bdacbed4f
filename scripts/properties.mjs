// npm run properties: every property test with 100,000 cases of each property, or as many as the argument says.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const runs = Number(process.argv[2] ?? 100_000)
if (!Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`"${process.argv[2]}" is no number of cases, like 100000\n`)
  process.exit(2)
}
const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
const config = ['--config', 'test/properties/vitest.config.ts']
const { status } = spawnSync(process.execPath, [vitest, 'run', ...config, ...process.argv.slice(3)], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, PROPERTY_RUNS: String(runs) },
  stdio: 'inherit',
})
process.exit(status ?? 1)
