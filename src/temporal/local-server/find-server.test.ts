import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findTemporalServer, NoTemporalServerError } from './find-server.ts'
import { SERVER_VERSION, UI_VERSION } from './versions.ts'

describe.skipIf(process.platform === 'win32')('an engine in the cache', () => {
  let cacheDir: string
  let program: string
  beforeEach(() => {
    // No `temporal` there, and no Go.
    vi.stubEnv('PATH', '/nonexistent')
    cacheDir = mkdtempSync(join(tmpdir(), 'follower-nurture-cache-'))
    mkdirSync(join(cacheDir, 'engine'))
    program = join(cacheDir, 'engine', `temporal-server-${SERVER_VERSION}`)
    for (const file of [program, join(cacheDir, 'engine', `temporal-ui-server-${UI_VERSION}`)])
      writeFileSync(file, '', { mode: 0o755 })
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(cacheDir, { recursive: true, force: true })
  })
  const find = () => findTemporalServer({ cacheDir, print: () => {} })

  it('is taken; what others could write to is closed, where it is a folder', async () => {
    chmodSync(cacheDir, 0o777)
    chmodSync(join(cacheDir, 'engine'), 0o777)
    expect(await find()).toMatchObject({ kind: 'server', program })
    expect(lstatSync(cacheDir).mode & 0o022).toBe(0)
    expect(lstatSync(join(cacheDir, 'engine')).mode & 0o022).toBe(0)
  })

  it('is not run where others could have written to it', async () => {
    chmodSync(program, 0o777)
    await expect(find()).rejects.toThrow(`Temporal is not run from ${program}: other users could write to it`)
  })

  it.skipIf(process.getuid?.() !== 0).each([
    ['the program', () => program],
    ['its folder', () => join(cacheDir, 'engine')],
    ['the cache', () => cacheDir],
  ])('is not run where another user owns %s', async (_, path) => {
    chownSync(path(), 4_321, 4_321)
    await expect(find()).rejects.toThrow(NoTemporalServerError)
    await expect(find()).rejects.toThrow('it belongs to the user 4321')
  })
})
