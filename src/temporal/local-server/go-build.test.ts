import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { waitFor } from '../../../test/harness/wait-for.ts'
import { buildOnce } from './go-build.ts'

const PROGRAM = { module: 'go.example/cmd/server', version: 'v1.2.3', name: 'test-server' }

describe.skipIf(process.platform === 'win32')('a build with Go', () => {
  let folder: string
  const printed: string[] = []
  const print = (line: string) => void printed.push(line)
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'follower-nurture-go-'))
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
    printed.length = 0
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })
  /** A program in the place of Go. */
  const go = (script: string) => writeFileSync(join(folder, 'go'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const cache = () => join(folder, 'cache')

  it('puts the program into the cache once', async () => {
    go(`echo run >> ${folder}/runs; echo built > "$GOBIN/server"`)
    const path = await buildOnce(cache(), PROGRAM, print)
    expect(await buildOnce(cache(), PROGRAM, print)).toBe(path)
    expect(readFileSync(path, 'utf8')).toBe('built\n')
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('run\n')
    expect(printed[0]).toContain('building test-server v1.2.3')
  })

  it('stops with all its processes, and leaves no part of it', async () => {
    go(`sleep 300 & echo $! > ${folder}/compiler; wait`)
    const abort = new AbortController()
    const building = buildOnce(cache(), PROGRAM, print, abort.signal)
    building.catch(() => {})
    const file = join(folder, 'compiler')
    await waitFor(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'))
    abort.abort()
    await expect(building).rejects.toThrow()
    const compiler = Number(readFileSync(file, 'utf8'))
    await waitFor(() => !isRunning(compiler))
    expect(readdirSync(cache())).toEqual([])
    expect(printed.at(-1)).toContain('the next start continues it')
  })

  it('says that it waits for another process, and can be stopped meanwhile', async () => {
    go(`until [ -e ${folder}/end ]; do sleep 0.1; done; echo built > "$GOBIN/server"`)
    const first = buildOnce(cache(), PROGRAM, print)
    await waitFor(() => existsSync(join(cache(), 'building')))
    const abort = new AbortController()
    const second = buildOnce(cache(), PROGRAM, print, abort.signal)
    second.catch(() => {})
    await waitFor(() => printed.some((line) => line.startsWith('waiting for another process')))
    abort.abort()
    await expect(second).rejects.toThrow()
    writeFileSync(join(folder, 'end'), '')
    expect(existsSync(await first)).toBe(true)
  })

  it('reports the last output of Go', async () => {
    go('echo "no such module" >&2; exit 1')
    await expect(buildOnce(cache(), PROGRAM, print)).rejects.toThrow('no such module')
  })
})

/** False also for a process that has ended and waits for its parent. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
