import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compiledProgram } from './programs.mjs'

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
    const line = Number(/src\/app\/data-dir\.ts:(\d+):\d+/.exec(ran.stderr)?.[1])
    expect(readFileSync('src/app/data-dir.ts', 'utf8').split('\n')[line - 1]).toContain('mkdirSync(')
    expect(ran.stderr).not.toContain('dist/programs')
    expect(ran.stderr).not.toContain('tsx')
  })
})
