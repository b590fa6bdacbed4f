import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { sourcesDigest } from '../../shared/sources-digest.mjs'
import { bundleWorkflows } from './workflow-bundle.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

describe('bundled workflows', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nurture-bundles-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('are cached next to bundles of earlier code, and read from the cache', async () => {
    for (let i = 0; i < 9; i++) {
      writeFileSync(join(folder, `old-${i}.js`), '')
      utimesSync(join(folder, `old-${i}.js`), i, i)
    }
    const { code } = await bundleWorkflows(folder)
    expect(code).toContain('FollowerNurture')
    // The helper functions of an older target are slow.
    expect(code).not.toContain('_object_spread')
    // V8 would need two bytes for each of its characters.
    expect(code).not.toMatch(/[^\0-\xff]/)
    // The new bundle, and the last used others.
    const name = `${sourcesDigest()}.js`
    expect(readdirSync(folder).sort()).toEqual([name, ...[4, 5, 6, 7, 8].map((i) => `old-${i}.js`)].sort())
    writeFileSync(join(folder, name), 'kept')
    expect(await bundleWorkflows(folder)).toEqual({ code: 'kept' })
  })

  it('have no state in their modules, because all runs of a worker share them', async () => {
    const { code } = await bundleWorkflows(folder)
    const modules = new Set(
      [...code.matchAll(/"\.\/((?:workflows|src)\/[\w/-]+\.ts)"/g)].map(([, m]) => m ?? ''),
    )
    expect([...modules]).toContain('src/run/decide.ts')
    const stateful = [...modules].filter((m) =>
      /^(?:export )?(?:(?:let|var) |const \w+ = new (?:Map|Set|WeakMap)\b)/m.test(readFileSync(m, 'utf8')),
    )
    expect(stateful).toEqual([])
  })

  it.skipIf(process.platform === 'win32')(
    'are bundled again when other users could have changed the cached file',
    async () => {
      const file = join(folder, `${sourcesDigest()}.js`)
      writeFileSync(file, 'planted')
      chmodSync(file, 0o666)
      chmodSync(folder, 0o777)
      expect((await bundleWorkflows(folder)).code).toContain('FollowerNurture')
      expect(statSync(file).mode & 0o022).toBe(0)
      expect(statSync(folder).mode & 0o022).toBe(0)
    },
  )

  it('are not cached when the folder is not writable', async () => {
    const file = join(folder, 'a file and no folder')
    writeFileSync(file, '')
    expect((await bundleWorkflows(join(file, 'workflows'))).code).toContain('FollowerNurture')
  })
})
