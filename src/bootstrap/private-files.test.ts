import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makePrivate } from './private-files.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534
let parent: string
let dataDir: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'follower-nurture-private-'))
  dataDir = join(parent, 'data')
  for (const folder of ['', 'store', 'store/base', 'temporal', 'temporal/config', 'verify', 'cluster'])
    mkdirSync(join(dataDir, folder))
  const files = ['admin-token', 'simulator.json', 'backup.sql', 'store/base/16384', 'temporal/temporal.db']
  for (const file of [...files, 'verify/MP_verify_x.txt', 'cluster/ports.json'])
    writeFileSync(join(dataDir, file), 'test')
  openAll(dataDir)
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

/** Opens everything to other users, as no version of the product does. */
function openAll(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) openAll(path)
    else chmodSync(path, 0o666)
  }
}

const modeOf = (path: string) => (lstatSync(join(dataDir, path)).mode & 0o7777).toString(8)

describe.skipIf(process.platform === 'win32')('a data folder that other users could read', () => {
  it('is closed, with all files of the program', () => {
    expect(makePrivate(dataDir)).toEqual([])
    for (const folder of ['', 'store', 'store/base', 'temporal', 'temporal/config'])
      expect(modeOf(folder), folder).toBe('700')
    for (const file of [
      'admin-token',
      'simulator.json',
      'backup.sql',
      'store/base/16384',
      'temporal/temporal.db',
    ])
      expect(modeOf(file), file).toBe('600')
  })

  it('does not change folders of others in it, which nobody can reach any more', () => {
    makePrivate(dataDir)
    expect(modeOf('cluster')).toBe('755')
    expect(modeOf('cluster/ports.json')).toBe('666')
  })

  it('keeps the permissions of the owner, and removes set-user-id', () => {
    chmodSync(join(dataDir, 'temporal/temporal.db'), 0o4755)
    chmodSync(join(dataDir, 'store/base/16384'), 0o444)
    makePrivate(dataDir)
    expect(modeOf('temporal/temporal.db')).toBe('700')
    expect(modeOf('store/base/16384')).toBe('400')
  })

  it('does not follow links out of it, and may itself be reached through a link', () => {
    writeFileSync(join(parent, 'elsewhere'), 'test')
    chmodSync(join(parent, 'elsewhere'), 0o666)
    symlinkSync(join(parent, 'elsewhere'), join(dataDir, 'store/link'))
    symlinkSync(dataDir, join(parent, 'link'))
    expect(makePrivate(join(parent, 'link'))).toEqual([])
    expect(modeOf('')).toBe('700')
    expect(lstatSync(join(parent, 'elsewhere')).mode & 0o777).toBe(0o666)
  })

  const shared: [name: string, arrange: () => unknown, reason: RegExp][] = [
    ['a folder for several users, like /tmp', () => chmodSync(dataDir, 0o1777), /shared folder/],
    ['the working folder', () => vi.spyOn(process, 'cwd').mockReturnValue(dataDir), /contains other files/],
    [
      'one above it',
      () => vi.spyOn(process, 'cwd').mockReturnValue(join(dataDir, 'x/y')),
      /contains other files/,
    ],
    ['the home folder', () => vi.stubEnv('HOME', dataDir), /home folder/],
    ...(isRoot
      ? ([
          ["somebody else's", () => chownSync(dataDir, NOBODY, NOBODY), /belongs to the user 65534/],
        ] satisfies [string, () => unknown, RegExp][])
      : []),
  ]
  it.each(shared)(
    '%s keeps its mode, with a warning; the files of the program in it are closed',
    (_, arrange, reason) => {
      arrange()
      const before = modeOf('')
      try {
        const warnings = makePrivate(dataDir)
        expect(warnings).toHaveLength(1)
        expect(warnings[0]).toMatch(reason)
        expect(warnings[0]).toContain(dataDir)
      } finally {
        vi.restoreAllMocks()
        vi.unstubAllEnvs()
      }
      expect(modeOf('')).toBe(before)
      expect(modeOf('store')).toBe('700')
      expect(modeOf('admin-token')).toBe('600')
      expect(modeOf('backup.sql')).toBe('666')
    },
  )

  it.runIf(isRoot)('counts the files of other users in it', () => {
    chmodSync(dataDir, 0o1777)
    chownSync(join(dataDir, 'store/base/16384'), NOBODY, NOBODY)
    // Nobody can reach it, because the program's folder above it is closed.
    expect(makePrivate(dataDir)[1]).toMatch(/1 files.*store\/base\/16384/)
    expect(modeOf('store/base/16384')).toBe('666')
  })
})
