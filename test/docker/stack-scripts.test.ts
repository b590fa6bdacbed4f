import { execFile, execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEPLOY_FOLDER, loadStack } from '../../scripts/cluster/load-compose.ts'
import { SLOW_UNIT_TIMEOUT_MS } from '../harness/timeouts.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const run = promisify(execFile)
const scripts = readdirSync(DEPLOY_FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.sh'),
)

describe('the scripts of the stack', () => {
  it.each(scripts)('%s can be parsed and executed', (name) => {
    const file = join(DEPLOY_FOLDER, name)
    execFileSync('bash', ['-n', file])
    expect(statSync(file).mode & 0o111).not.toBe(0)
  })

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0
  if (!shellcheck) process.stderr.write('tests: shellcheck is not installed; the scripts are only parsed\n')
  it('pass shellcheck where it is installed', () => {
    if (shellcheck)
      execFileSync(
        'shellcheck',
        scripts.map((name) => join(DEPLOY_FOLDER, name)),
      )
  })
})

describe('a backup, with a stand-in for docker that records its commands', () => {
  let folder: string
  let stack: string
  let env: NodeJS.ProcessEnv
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nurture-stack-'))
    stack = join(folder, 'stack')
    mkdirSync(stack)
    for (const name of ['backup.sh', 'restore.sh', 'make-secrets.sh'])
      cpSync(join(DEPLOY_FOLDER, name), join(stack, name))
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    // Prints its arguments after the options of the stack. pg_dump fails for the database in FAIL.
    const docker = [
      '#!/bin/bash',
      'shift 5; echo "$*" >> "$TOLD"',
      'case "$*" in *pg_dump*"$FAIL") exit 1;; *pg_dump*) echo dump;; *pg_restore*) cat > /dev/null;; esac',
    ]
    writeFileSync(join(bin, 'docker'), `${docker.join('\n')}\n`, { mode: 0o755 })
    env = {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      TOLD: join(folder, 'told'),
      FAIL: 'none',
    }
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const dockerCalls = () => readFileSync(join(folder, 'told'), 'utf8').trim().split('\n')

  it('stops serve, workers and Temporal before it dumps, and starts them again', async () => {
    await run(join(stack, 'backup.sh'), [join(folder, 'b')], { env })
    const stops = ['serve-1', 'serve-2', 'worker-1', 'worker-2', 'temporal']
    const all = dockerCalls()
    expect(all.slice(0, 5)).toEqual(stops.map((s) => `stop ${s}`))
    const dumped = all.slice(5, 8).map((line) => line.split(' ').at(-1))
    expect(dumped).toEqual(['nurture', 'temporal', 'temporal_visibility'])
    expect(all.slice(8)).toEqual(['start temporal', 'start serve-1 serve-2 worker-1 worker-2'])
    expect(readdirSync(join(folder, 'b')).sort()).toEqual([
      'SHA256SUMS',
      'nurture.dump',
      'temporal.dump',
      'temporal_visibility.dump',
    ])
    for (const name of stops) expect(loadStack('compose.yaml').services).toHaveProperty(name)
  })

  it('that fails starts everything again, and leaves no file that looks complete', async () => {
    env.FAIL = 'temporal'
    await expect(run(join(stack, 'backup.sh'), [join(folder, 'b')], { env })).rejects.toThrow()
    expect(dockerCalls().slice(-2)).toEqual(['start temporal', 'start serve-1 serve-2 worker-1 worker-2'])
    expect(existsSync(join(folder, 'b', 'temporal.dump'))).toBe(false)
    await expect(run(join(stack, 'restore.sh'), [join(folder, 'b'), '--yes'], { env })).rejects.toThrow(
      /is missing/,
    )
  })

  it('is restored with all stopped, and Temporal accepted at the end', async () => {
    await run(join(stack, 'backup.sh'), [join(folder, 'b')], { env })
    rmSync(join(folder, 'told'))
    await run(join(stack, 'restore.sh'), [join(folder, 'b'), '--yes'], { env })
    const all = dockerCalls()
    expect(all.findIndex((l) => l.includes('DROP DATABASE'))).toBeGreaterThan(
      all.lastIndexOf('stop temporal'),
    )
    expect(all.filter((l) => l.includes('pg_restore'))).toHaveLength(3)
    expect(all.at(-1)).toMatch(/src\/cli\/main\.ts temporal accept$/)
  })

  it('that is damaged is not restored', async () => {
    await run(join(stack, 'backup.sh'), [join(folder, 'b')], { env })
    rmSync(join(folder, 'told'))
    writeFileSync(join(folder, 'b', 'temporal.dump'), 'something else')
    await expect(run(join(stack, 'restore.sh'), [join(folder, 'b'), '--yes'], { env })).rejects.toThrow()
    expect(existsSync(join(folder, 'told'))).toBe(false)
  })

  it('make-secrets.sh creates every secret that compose mounts, and never replaces one', async () => {
    await run(join(stack, 'make-secrets.sh'))
    const files = Object.values(loadStack('compose.yaml').secrets).map((secret) => join(stack, secret.file))
    const before = files.map((file) => readFileSync(file, 'utf8'))
    const { stdout } = await run(join(stack, 'make-secrets.sh'))
    expect(stdout).not.toContain('is new')
    expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(before)
    expect(statSync(join(stack, 'secrets')).mode & 0o777).toBe(0o700)
  })
})
