import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findTemporalServer, NoTemporalServerError, serverCacheFolder } from './find-server.ts'
import { SERVER_VERSION, UI_VERSION } from './versions.ts'

describe.skipIf(process.platform === 'win32')('a Temporal server in the cache', () => {
  let cacheDir: string
  let folder: string
  let program: string
  beforeEach(() => {
    // Neither a `temporal` CLI nor Go is on this PATH.
    vi.stubEnv('PATH', '/nonexistent')
    cacheDir = mkdtempSync(join(tmpdir(), 'follower-nurture-cache-'))
    folder = serverCacheFolder(cacheDir)
    mkdirSync(folder)
    program = join(folder, `temporal-server-${SERVER_VERSION}`)
    for (const file of [program, join(folder, `temporal-ui-server-${UI_VERSION}`)])
      writeFileSync(file, '', { mode: 0o755 })
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(cacheDir, { recursive: true, force: true })
  })
  const find = () => findTemporalServer({ cacheDir, print: () => {} })

  it('is used; write access of others to its folders is removed', async () => {
    chmodSync(cacheDir, 0o777)
    chmodSync(folder, 0o777)
    expect(await find()).toMatchObject({ kind: 'server', program })
    expect(lstatSync(cacheDir).mode & 0o022).toBe(0)
    expect(lstatSync(folder).mode & 0o022).toBe(0)
  })

  it('is not run when other users could write to it', async () => {
    chmodSync(program, 0o777)
    await expect(find()).rejects.toThrow(`Temporal is not run from ${program}: other users could write to it`)
  })

  it.skipIf(process.getuid?.() !== 0).each([
    ['the program', () => program],
    ['its folder', () => folder],
    ['the cache', () => cacheDir],
  ])('is not run when another user owns %s', async (_, path) => {
    chownSync(path(), 4_321, 4_321)
    await expect(find()).rejects.toThrow(NoTemporalServerError)
    await expect(find()).rejects.toThrow('it belongs to the user 4321')
  })
})
