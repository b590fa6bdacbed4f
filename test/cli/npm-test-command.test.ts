import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { waitFor } from '../harness/wait-for.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = mkdtempSync(join(tmpdir(), 'follower-nurture-bin-'))
afterAll(() => rmSync(bin, { recursive: true, force: true }))

interface Run {
  child: ChildProcess
  output(): string
  ended: Promise<number | null>
}

/** Runs `npm test -- ARGUMENTS` without npm, and keeps its output. */
function npmTest(args: string[], PATH = process.env.PATH): Run {
  const child = spawn(process.execPath, ['scripts/test.mjs', ...args], {
    cwd: root,
    env: { ...process.env, PATH, CI: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      output += text
    })
  }
  return { child, output: () => output, ended: new Promise((resolve) => child.on('close', resolve)) }
}

const lastLine = (run: Run) => run.output().trimEnd().split('\n').at(-1)

describe('npm test', () => {
  it.each([
    [
      ['--project', 'unit', 'no/such/file'],
      /no test ran: no file matches the arguments/,
      '0 passed, 1 failed',
    ],
    [['--project', 'no-such-tier'], /no test was counted/, '0 passed, 1 failed'],
    [
      ['--project', 'unit', 'src/shared/text.test.ts', '-t', 'no such name'],
      /no test ran: all \d+ tests were skipped/,
      /^0 passed, 1 failed, \d+ skipped$/,
    ],
  ])('fails with the reason when no test runs: %s', async (args, why, last) => {
    const run = npmTest(args)
    expect(await run.ended).toBe(1)
    expect(run.output()).toMatch(why)
    expect(lastLine(run)).toMatch(last)
  })

  it('passes when tests run and none fails', async () => {
    const run = npmTest(['--project', 'unit', 'src/temporal/local-server/ports.test.ts'])
    expect(await run.ended).toBe(0)
    expect(lastLine(run)).toBe('1 passed, 0 failed')
  })

  it('fails when it is killed', async () => {
    const run = npmTest(['--project', 'unit'])
    await waitFor(() => run.output().includes('RUN'))
    run.child.kill('SIGTERM')
    expect(await run.ended).not.toBe(0)
    expect(lastLine(run)).toMatch(/^\d+ passed, [1-9]\d* failed/)
  })

  it('fails with the log when Temporal does not start, and still runs the tests that need none', async () => {
    const temporal = join(bin, 'temporal')
    const script =
      'case $1 in --version) echo "temporal version 9.9 (Server 9.9.0)";; *) echo no such disk >&2; exit 4;; esac'
    writeFileSync(temporal, `#!/bin/sh\n${script}\n`)
    chmodSync(temporal, 0o755)
    const args = [
      '--project',
      'integration',
      'test/temporal/local-server.test.ts',
      '-t',
      'a supervised program',
    ]
    const run = npmTest(args, `${bin}${delimiter}${process.env.PATH}`)
    expect(await run.ended).toBe(1)
    expect(run.output()).toContain('the Temporal server does not start: it ended with exit code 4')
    expect(run.output()).toMatch(/The last lines of its log, .*server\.log:\s+no such disk/)
    expect(lastLine(run)).toMatch(/^1 passed, 1 failed, \d+ skipped$/)
  })
})
