import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../../test/harness/timeouts.ts'
import { ConfigError } from '../../config/config.ts'
import { sourcesDigest } from '../../shared/sources-digest.mjs'
import { readBundle, writeBundle } from './prebuilt-bundle.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

describe('a prebuilt workflow bundle', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nurture-bundle-'))
    file = join(folder, 'dist', 'workflow-bundle.js')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is read by the code that it was built from', () => {
    writeBundle(file, 'the code')
    expect(readBundle(file)).toEqual({ code: 'the code' })
  })

  it('is refused when other code built it, or it is missing', () => {
    expect(() => readBundle(file)).toThrow(ConfigError)
    writeBundle(file, 'the code', 'another digest')
    expect(() => readBundle(file)).toThrow(/was built from other code. Run `npm run build` again/)
  })

  it('is outdated after a change of a source or of a locked library, but not of a test', () => {
    for (const name of ['workflows', 'activities']) mkdirSync(join(folder, name))
    cpSync('src/run', join(folder, 'src/run'), { recursive: true })
    const digestWith = (name: string, content: string) => {
      writeFileSync(join(folder, name), content)
      return sourcesDigest(folder)
    }
    const before = digestWith('package-lock.json', '{}')
    expect(digestWith('src/run/decide.test.ts', '// test')).toBe(before)
    const changed = digestWith('src/run/decide.ts', '// changed')
    expect(changed).not.toBe(before)
    expect(digestWith('package-lock.json', '{ }')).not.toBe(changed)
  })
})
