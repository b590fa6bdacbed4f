import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../harness/timeouts.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const module = fileURLToPath(new URL('../../scripts/ensure-test-tools.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-apt-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs `ensureTestTools` on a machine without programs, apart from this `apt-get` where one is given. */
function ensure(aptGet: string | null) {
  const bin = mkdtempSync(join(folder, 'bin-'))
  if (aptGet !== null) writeFileSync(join(bin, 'apt-get'), `#!/bin/sh\n${aptGet}\n`, { mode: 0o755 })
  const code = `(await import(${JSON.stringify(module)})).ensureTestTools()`
  const cache = join(folder, 'a cache')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { PATH: bin, FOLLOWER_NURTURE_CACHE: cache },
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  return { screen: stdout + stderr, logFile: join(cache, 'apt-get.log') }
}

const isRoot = process.getuid?.() === 0
const NOISE = `echo "Selecting package $*"; echo 'debconf: unable to initialize frontend: Dialog' >&2`

describe.skipIf(!isRoot)(`apt-get${isRoot ? '' : ' (only root installs)'}`, () => {
  it('is announced in one line; its output goes to a file', () => {
    const { screen, logFile } = ensure(NOISE)
    expect(screen).toMatch(/^tests: installing Chromium, .* with apt-get \(once: chromium .*\n$/)
    expect(screen.trimEnd()).toMatch(new RegExp(`its output is in ${logFile}$`))
    const log = readFileSync(logFile, 'utf8')
    expect(log).toMatch(/Selecting package .* update\n/)
    expect(log).toMatch(/Selecting package .* install --no-install-recommends chromium/)
    expect(log).toContain('debconf:')
  })

  it('that fails is reported with the end of that file', () => {
    const { screen, logFile } = ensure(
      'for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo $i; done; echo "E: no space left" >&2; exit 100',
    )
    const [first, second, ...rest] = screen.trimEnd().split('\n')
    expect(first).toContain(logFile)
    expect(second).toMatch(`apt-get could not install Chromium`)
    expect(second).toContain(logFile)
    expect(rest).toHaveLength(15)
    expect(rest.at(-1)).toBe('  E: no space left')
  })
})

describe('without apt-get', () => {
  it('missing programs are named, with the packages to install', () => {
    expect(ensure(null).screen).toMatch(
      /^tests: Chromium, Prometheus.* not found; tests that need them are skipped \(install: chromium .*\)\n$/,
    )
  })
})
