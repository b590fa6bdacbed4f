import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lastLines } from './last-lines.ts'
import { NotStartedError, supervise, untilReady } from './supervise.ts'

const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-supervise-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let logs = 0
const start = (program: string, args: string[], options: Partial<Parameters<typeof supervise>[2]> = {}) =>
  supervise(program, args, { logFile: join(folder, `${logs++}.log`), ...options })
const never = () => new Promise<void>(() => {})

describe('waiting for a program to start', () => {
  it('ends when the program exits, and reports its last output', async () => {
    const program = start('sh', ['-c', 'echo no room for the lock file >&2; exit 3'])
    const waiting = untilReady('the program', program, never)
    await expect(waiting).rejects.toThrow(NotStartedError)
    await expect(waiting).rejects.toThrow(
      `the program does not start: it ended with exit code 3\nThe last lines of its log, ${program.logFile}:\n  no room for the lock file`,
    )
  })

  it.each([
    ['does not exist', 'no-such-program', process.cwd()],
    ['has no folder to run in', 'sh', join(folder, 'missing')],
  ])('reports a program that %s', async (_, program, cwd) => {
    const started = start(program, [], { cwd })
    await expect(untilReady('it', started, never)).rejects.toThrow(`${program} cannot be started in ${cwd}`)
  })

  it('reports why the wait failed and the log, and aborts the wait', async () => {
    const program = start('sh', ['-c', 'echo waiting for a disk; exec sleep 600'])
    let signal: AbortSignal | undefined
    const waiting = untilReady('it', program, async (waitSignal) => {
      signal = waitSignal
      await expect.poll(() => lastLines(program.logFile)).toContain('disk')
      throw new Error('no answer on port 1')
    })
    await expect(waiting).rejects.toThrow(/no answer on port 1\n.*\n {2}waiting for a disk$/)
    expect(signal?.aborted).toBe(true)
    await program.stop()
  })

  it('leaves a program that is ready running', async () => {
    const program = start('sleep', ['600'])
    await untilReady('it', program, async () => {})
    await program.stop()
    expect(await program.ended).not.toBe(0)
  })
})

const isRoot = process.getuid?.() === 0
describe.skipIf(!isRoot)(`a program of another user${isRoot ? '' : ' (needs root)'}`, () => {
  it('runs with the ids and groups of that user in a folder that it may enter; its supervisor keeps the ids of this process', async () => {
    const user = { uid: 65534, gid: 65534 }
    const script = 'id -u; id -G; pwd; ls -dn /proc/$PPID | tr -s " " | cut -d" " -f3'
    const program = start('sh', ['-c', script], { user })
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
    ['is stopped: the companion stops too', 'exec sleep 600', (p: ReturnType<typeof start>) => p.stop()],
    [
      'exits by itself: the companion is stopped',
      'sleep 0.3; exit 3',
      (p: ReturnType<typeof start>) => p.ended,
    ],
  ])('%s', async (_, script, end) => {
    const sidecar = companion('echo pid $$; exec sleep 600')
    const program = start('sh', ['-c', script], { companion: sidecar })
    const pid = await pidIn(sidecar.logFile)
    expect(runs(pid)).toBe(true)
    await end(program)
    expect(runs(pid)).toBe(false)
    if (script.includes('exit 3')) expect(await program.ended).toBe(3)
  })

  it('keeps running when the companion exits, or cannot be started', async () => {
    for (const sidecar of [companion('exit 1'), { ...companion(''), program: 'no-such-program' }]) {
      const program = start('sh', ['-c', 'echo pid $$; exec sleep 600'], { companion: sidecar })
      const pid = await pidIn(program.logFile)
      if (sidecar.program !== 'sh')
        await expect.poll(() => lastLines(sidecar.logFile)).toContain('cannot be started')
      expect(runs(pid)).toBe(true)
      await program.stop()
      expect(runs(pid)).toBe(false)
    }
  })
})
