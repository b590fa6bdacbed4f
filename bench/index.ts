import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { ownSettings, ready, runProgram } from '../test/support/program.ts'
import { measureAccountsApart } from './accounts-apart.ts'
import { measureCallbacks } from './callback.ts'
import { measureRunSize } from './run-size.ts'
import { measureStart } from './start.ts'
import { formatFigures } from './stats.ts'
import { measureTokenRefreshes } from './tokens.ts'

/** `npm run bench [-- --json FILE]`: the figures of docs/figures.md. Nothing is asserted: machines differ. */
const jsonAt = process.argv.indexOf('--json')
const say = (line: string) => process.stderr.write(`${line}\n`)

say('bench: npm start, six times…')
const start = await measureStart()

say('bench: callbacks, at 1 and at 50 concurrent followers…')
const { env, forget } = await ownSettings()
const program = runProgram('src/start.ts', { ...env, SIMULATOR: 'off', LOG_LEVEL: 'error' })
await ready(program)
const callbacks = await measureCallbacks(`http://127.0.0.1:${env.PORT}`)

say('bench: the size of a run…')
const size = await measureRunSize(`127.0.0.1:${env.TEMPORAL_PORT}`)
program.process.kill('SIGTERM')
await program.exited
forget()

say('bench: accounts apart…')
const apart = await measureAccountsApart(say)
const tokens = await measureTokenRefreshes()

const figures = [...start, ...callbacks, ...size, ...apart, ...tokens]
const machine = { cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }
process.stdout.write(`${formatFigures(figures)}\n`)
if (jsonAt > 0)
  writeFileSync(
    process.argv[jsonAt + 1] ?? 'bench.json',
    `${JSON.stringify({ machine, figures }, null, 2)}\n`,
  )
process.exit(0)
