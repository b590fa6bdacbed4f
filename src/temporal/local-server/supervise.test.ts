import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lastLines } from './last-lines.ts'
import { NotStartedError, supervise, untilReady } from './supervise.ts'

const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-supervise-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let logs = 0
const start = (program: string, args: string[], more: Partial<Parameters<typeof supervise>[2]> = {}) =>
  supervise(program, args, { logFile: join(folder, `${logs++}.log`), ...more })
const never = () => new Promise<void>(() => {})

describe('a program that is to start', () => {
  it('is waited for no longer than it runs, and what it said last is told', async () => {
    const program = start('sh', ['-c', 'echo no room for the lock file >&2; exit 3'])
    const waiting = untilReady('the program', program, never)
    await expect(waiting).rejects.toThrow(NotStartedError)
    await expect(waiting).rejects.toThrow(
      `the program does not start: it ended with exit code 3\nThe last lines of its log, ${program.logFile}:\n  no room for the lock file`,
    )
  })

  it.each([
    ['is not there', 'no-such-program', process.cwd()],
    ['has no folder to run in', 'sh', join(folder, 'missing')],
  ])('and %s: that is told', async (_, program, cwd) => {
    const started = start(program, [], { cwd })
    await expect(untilReady('it', started, never)).rejects.toThrow(`${program} cannot be started in ${cwd}`)
  })

  it('and runs without answering: what the wait says, then the log; nobody asks on', async () => {
    const program = start('sh', ['-c', 'echo waiting for a disk; exec sleep 600'])
    let signal: AbortSignal | undefined
    const waiting = untilReady('it', program, async (given) => {
      signal = given
      await expect.poll(() => lastLines(program.logFile)).toContain('disk')
      throw new Error('no answer on port 1')
    })
    await expect(waiting).rejects.toThrow(/no answer on port 1\n.*\n {2}waiting for a disk$/)
    expect(signal?.aborted).toBe(true)
    await program.stop()
  })

  it('and is ready is left alone', async () => {
    const program = start('sleep', ['600'])
    await untilReady('it', program, async () => {})
    await program.stop()
    expect(await program.ended).not.toBe(0)
  })
})

const isRoot = process.getuid?.() === 0
describe.skipIf(!isRoot)(`a program of another user${isRoot ? '' : ' (only root can start one)'}`, () => {
  it('has its rights, its groups and a folder that it may enter; its supervisor is ours', async () => {
    const user = { uid: 65534, gid: 65534 }
    const seen = 'id -u; id -G; pwd; ls -dn /proc/$PPID | tr -s " " | cut -d" " -f3'
    const program = start('sh', ['-c', seen], { user })
    await program.ended
    expect(readFileSync(program.logFile, 'utf8').trim().split('\n')).toEqual(['65534', '65534', '/', '0'])
  })
})

describe('a program with a companion', () => {
  const companion = (script: string) => {
    const logFile = join(folder, `${logs++}.log`)
    return { program: 'sh', args: ['-c', script], logFile }
  }
  const pidIn = async (logFile: string) => {
    await expect.poll(() => lastLines(logFile)).toMatch(/pid \d+/)
    return Number(/pid (\d+)/.exec(lastLines(logFile))?.[1])
  }
  const runs = (pid: number) => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }

  it.each([
    ['is stopped: so is the other', 'exec sleep 600', (p: ReturnType<typeof start>) => p.stop()],
    ['ends by itself: the other is ended', 'sleep 0.3; exit 3', (p: ReturnType<typeof start>) => p.ended],
  ])('%s', async (_, script, end) => {
    const beside = companion('echo pid $$; exec sleep 600')
    const program = start('sh', ['-c', script], { companion: beside })
    const pid = await pidIn(beside.logFile)
    expect(runs(pid)).toBe(true)
    await end(program)
    expect(runs(pid)).toBe(false)
    if (script.includes('exit 3')) expect(await program.ended).toBe(3)
  })

  it('goes on when the other ends, or cannot be started', async () => {
    for (const beside of [companion('exit 1'), { ...companion(''), program: 'no-such-program' }]) {
      const program = start('sh', ['-c', 'echo pid $$; exec sleep 600'], { companion: beside })
      const pid = await pidIn(program.logFile)
      if (beside.program !== 'sh')
        await expect.poll(() => lastLines(beside.logFile)).toContain('cannot be started')
      expect(runs(pid)).toBe(true)
      await program.stop()
      expect(runs(pid)).toBe(false)
    }
  })
})
