import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { supervise } from '../../src/temporal/local-server/supervise.ts'
import { isolatedSettings, type Program, spawnProgram, waitUntilReady } from '../harness/process/program.ts'

const undo: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** Tells, as the process ends, which umask it had. */
const TELLS = `--import=data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('umask ' + process.umask().toString(8) + '\\n'))",
)}`

describe.skipIf(process.platform === 'win32')('what a program writes is for its own user alone', () => {
  it.each([
    ['npm run serve', 'src/serve.ts', {}],
    ['npm run simulator', 'src/simulator/main.ts', { SIMULATOR_PORT: 'none' }],
    ['npm run nurture', 'src/cli/main.ts', {}],
  ])('%s', async (_, file, env) => {
    const program = spawnProgram(file, { ...env, DATA_DIR: '/nonexistent', NODE_OPTIONS: TELLS })
    await program.exited
    expect(
      program
        .stderr()
        .match(/^umask .*$/gm)
        ?.at(-1),
    ).toBe('umask 77')
  })

  it('a program that is started beside it, and its log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-umask-'))
    undo.push(() => rmSync(folder, { recursive: true, force: true }))
    const before = process.umask(0o022)
    const logFile = join(folder, 'logs/log')
    const { ended } = supervise('sh', ['-c', 'umask'], { logFile })
    process.umask(before)
    await ended
    expect(readFileSync(logFile, 'utf8').trim()).toMatch(/^0?077$/)
    expect(lstatSync(logFile).mode & 0o777).toBe(0o600)
  })
})

/** Paths in a folder that another user could read or change, if the folders above let him through. */
function openIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const own = (lstatSync(path).mode & 0o077) === 0 ? [] : [path]
    return entry.isDirectory() ? [...own, ...openIn(path)] : own
  })
}

describe.skipIf(!inject('temporalAddress') || process.platform === 'win32')('npm start', () => {
  it('closes a data folder that an earlier version left open, and makes nothing open in it', async () => {
    const { env, dataDir, cleanUp: forget } = await isolatedSettings()
    undo.push(forget)
    mkdirSync(join(dataDir, 'temporal'))
    for (const file of ['admin-token', 'encryption-key', 'temporal/server.log'])
      writeFileSync(join(dataDir, file), 'test-test-test-test-test-test-test-1')
    for (const path of ['', 'temporal']) chmodSync(join(dataDir, path), 0o755)
    for (const path of ['admin-token', 'encryption-key', 'temporal/server.log'])
      chmodSync(join(dataDir, path), 0o666)
    const program: Program = spawnProgram('src/start.ts', env)
    undo.push(async () => {
      program.process.kill('SIGTERM')
      await program.exited
    })
    await waitUntilReady(program)
    expect(lstatSync(dataDir).mode & 0o777).toBe(0o700)
    // PostgreSQL's own cache of its catalog, which it makes anew at times with a mode of its own.
    expect(openIn(dataDir).filter((path) => !path.endsWith('pg_internal.init'))).toEqual([])
    expect(program.stderr()).not.toContain('open to other users')
  })
})
