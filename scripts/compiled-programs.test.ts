import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../test/harness/timeouts.ts'
import { compiledProgram } from './compiled-programs.mjs'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

describe('the programs of src/', () => {
  it('are compiled once; other TypeScript files are not', async () => {
    const file = await compiledProgram('src/start.ts')
    expect(file).toMatch(/dist\/programs\/[0-9a-f]{32}\/start\.js$/)
    expect(await compiledProgram('src/start.ts')).toBe(file)
    expect(await compiledProgram('bench/index.ts')).toBeNull()
  })

  it('run compiled, and their stack traces name lines of the sources', () => {
    const ran = spawnSync(process.execPath, ['scripts/run.mjs', 'src/start.ts'], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: '/dev/null/no-folder' },
      encoding: 'utf8',
    })
    const line = Number(/src\/bootstrap\/data-dir\.ts:(\d+):\d+/.exec(ran.stderr)?.[1])
    expect(readFileSync('src/bootstrap/data-dir.ts', 'utf8').split('\n')[line - 1]).toContain('mkdirSync(')
    expect(ran.stderr).not.toContain('dist/programs')
    expect(ran.stderr).not.toContain('tsx')
  })
})

describe.skipIf(process.platform === 'win32')('a folder of compiled programs', () => {
  const undo: (() => void)[] = []
  afterEach(() => {
    for (const step of undo.splice(0)) step()
  })
  const newFolder = () => {
    const parent = mkdtempSync(join(tmpdir(), 'follower-nurture-programs-'))
    undo.push(() => rmSync(parent, { recursive: true, force: true }))
    return join(parent, 'programs')
  }
  const writable = (folder: string) =>
    [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))].filter(
      (path) => (lstatSync(path).mode & 0o022) !== 0,
    )

  it('is not writable for others, whatever the umask of the caller', () => {
    const folder = newFolder()
    const script = `const { compiledProgram } = await import('./scripts/compiled-programs.mjs'); await compiledProgram('src/start.ts', ${JSON.stringify(folder)})`
    const node = `exec "${process.execPath}" --input-type=module -e "$SCRIPT"`
    const ran = spawnSync('sh', ['-c', `umask 000; ${node}`], {
      env: { ...process.env, SCRIPT: script },
      encoding: 'utf8',
    })
    expect(ran.stderr).toBe('')
    expect(writable(folder)).toEqual([])
  })

  it('is closed where others could write, and files that they could have changed are compiled again', async () => {
    const folder = newFolder()
    const file = (await compiledProgram('src/start.ts', folder)) ?? ''
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, 'throw new Error("planted")')
    chmodSync(file, 0o666)
    chmodSync(folder, 0o777)
    expect(await compiledProgram('src/start.ts', folder)).toBe(file)
    expect(readFileSync(file, 'utf8')).toBe(good)
    expect(writable(folder)).toEqual([])
  })

  it.skipIf(process.getuid?.() !== 0)('of another user is not used, and the reason is printed', async () => {
    const folder = newFolder()
    const file = (await compiledProgram('src/start.ts', folder)) ?? ''
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    undo.push(() => write.mockRestore())
    chownSync(dirname(file), 4_321, 4_321)
    expect(await compiledProgram('src/start.ts', folder)).toBe(file)
    expect(lstatSync(dirname(file)).uid).toBe(0)
    chownSync(folder, 4_321, 4_321)
    expect(await compiledProgram('src/start.ts', folder)).toBeNull()
    expect(write).toHaveBeenCalledWith(expect.stringContaining('it belongs to the user 4321'))
  })
})
