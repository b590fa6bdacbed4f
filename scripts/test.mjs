// npm test: installs what is missing, then runs every test tier that can run here. Arguments go to vitest.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensureDeps } from './ensure-deps.mjs'
import { ensurePrograms } from './ensure-programs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
ensureDeps()
ensurePrograms()
const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 1))
