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

/** Prints the umask of the process when it exits. */
const TELLS = `--import=data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process.stderr.write('umask ' + process.umask().toString(8) + '\\n'))",
)}`

describe.skipIf(process.platform === 'win32')(
  'the files of a program are readable only for their own user',
  () => {
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

    it('a child program and its log', async () => {
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
  },
)

/** Paths in a folder that another user could read or change. */
function openIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const own = (lstatSync(path).mode & 0o077) === 0 ? [] : [path]
    return entry.isDirectory() ? [...own, ...openIn(path)] : own
  })
}

describe.skipIf(!inject('temporalAddress') || process.platform === 'win32')('npm start', () => {
  it('closes a data folder that is open to other users, and creates no open file in it', async () => {
    const { env, dataDir, cleanUp: removeFolder } = await isolatedSettings()
    undo.push(removeFolder)
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
    // PostgreSQL's catalog cache, which it writes again with its own mode.
    expect(openIn(dataDir).filter((path) => !path.endsWith('pg_internal.init'))).toEqual([])
    expect(program.stderr()).not.toContain('open to other users')
  })
})
