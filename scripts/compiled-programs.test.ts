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
  it('are compiled once; what else is TypeScript is not', async () => {
    const file = await compiledProgram('src/start.ts')
    expect(file).toMatch(/dist\/programs\/[0-9a-f]{32}\/start\.js$/)
    expect(await compiledProgram('src/start.ts')).toBe(file)
    expect(await compiledProgram('bench/index.ts')).toBeNull()
  })

  it('are run compiled, and name the lines of their sources when they fail', () => {
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
  const place = () => {
    const parent = mkdtempSync(join(tmpdir(), 'follower-nurture-programs-'))
    undo.push(() => rmSync(parent, { recursive: true, force: true }))
    return join(parent, 'programs')
  }
  const writable = (folder: string) =>
    [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))].filter(
      (path) => (lstatSync(path).mode & 0o022) !== 0,
    )

  it('is not open to others, whatever the caller allows', () => {
    const folder = place()
    const script = `const { compiledProgram } = await import('./scripts/compiled-programs.mjs'); await compiledProgram('src/start.ts', ${JSON.stringify(folder)})`
    const node = `exec "${process.execPath}" --input-type=module -e "$SCRIPT"`
    const ran = spawnSync('sh', ['-c', `umask 000; ${node}`], {
      env: { ...process.env, SCRIPT: script },
      encoding: 'utf8',
    })
    expect(ran.stderr).toBe('')
    expect(writable(folder)).toEqual([])
  })

  it('is closed where others could write, and what they could have changed is made anew', async () => {
    const folder = place()
    const file = (await compiledProgram('src/start.ts', folder)) ?? ''
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, 'throw new Error("planted")')
    chmodSync(file, 0o666)
    chmodSync(folder, 0o777)
    expect(await compiledProgram('src/start.ts', folder)).toBe(file)
    expect(readFileSync(file, 'utf8')).toBe(good)
    expect(writable(folder)).toEqual([])
  })

  it.skipIf(process.getuid?.() !== 0)('of another user is not run, and said to be not', async () => {
    const folder = place()
    const file = (await compiledProgram('src/start.ts', folder)) ?? ''
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    undo.push(() => said.mockRestore())
    chownSync(dirname(file), 4_321, 4_321)
    expect(await compiledProgram('src/start.ts', folder)).toBe(file)
    expect(lstatSync(dirname(file)).uid).toBe(0)
    chownSync(folder, 4_321, 4_321)
    expect(await compiledProgram('src/start.ts', folder)).toBeNull()
    expect(said).toHaveBeenCalledWith(expect.stringContaining('it belongs to the user 4321'))
  })
})
