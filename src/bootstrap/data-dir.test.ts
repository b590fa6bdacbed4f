import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDataDir } from './data-dir.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-lock-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))
const lock = () => join(dataDir, 'lock')

describe('the lock of a data folder', () => {
  it('is held by one process, whose pid a second one reports, and released at the end', () => {
    const release = lockDataDir(dataDir)
    expect(() => lockDataDir(dataDir)).toThrow(`in use by the process ${process.pid}`)
    release()
    expect(existsSync(lock())).toBe(false)
    lockDataDir(dataDir)()
  })

  it('is taken over from a process that died', () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    writeFileSync(lock(), `${dead} 12345`)
    const release = lockDataDir(dataDir)
    expect(readFileSync(lock(), 'utf8')).toMatch(new RegExp(`^${process.pid} `))
    release()
  })

  it.runIf(existsSync('/proc/self/stat'))('is taken over when another program has its pid now', () => {
    writeFileSync(lock(), `${process.pid} 1`)
    lockDataDir(dataDir)()
  })

  it('is taken over when it is empty, as after a full disk', () => {
    writeFileSync(lock(), '')
    lockDataDir(dataDir)()
  })

  it('is not removed by a process that no longer holds it', () => {
    const release = lockDataDir(dataDir)
    writeFileSync(lock(), '1 1')
    release()
    expect(readFileSync(lock(), 'utf8')).toBe('1 1')
  })
})
