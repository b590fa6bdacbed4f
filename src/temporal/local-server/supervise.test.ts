import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
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
  it('runs with the ids and groups of that user in a folder that it may enter', async () => {
    const user = { uid: 65534, gid: 65534 }
    const script = 'id -u; id -G; pwd'
    const program = start('sh', ['-c', script], { user })
    await program.ended
    expect(readFileSync(program.logFile, 'utf8').trim().split('\n')).toEqual(['65534', '65534', '/'])
  })
})

describe('a supervised program', () => {
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
  /** Whether a process has a handler for a signal yet. */
  const handles = (pid: number | undefined, signal: 'SIGHUP') => {
    const mask = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n
  }
  /** The processes of a supervisor: its process group, which it leads. */
  const groupOf = (supervisor: number | undefined) =>
    spawnSync('ps', ['-eo', 'pgid=,args='], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line.trim().startsWith(`${supervisor} `))

  it('is stopped by SIGTERM and can end in its own order; nothing of it remains', async () => {
    const program = start('sh', [
      '-c',
      'trap "echo last words; exit 7" TERM; echo pid $$; while :; do sleep 0.05; done',
    ])
    const pid = await pidIn(program.logFile)
    expect(groupOf(program.pid)).not.toEqual([])
    await program.stop()
    expect(await program.ended).toBe(7)
    expect(lastLines(program.logFile)).toContain('last words')
    expect(runs(pid)).toBe(false)
    await expect.poll(() => groupOf(program.pid)).toEqual([])
  })

  it('is killed when it does not stop in time; its log says so', async () => {
    const script = 'trap "echo refused" TERM; echo pid $$; while :; do sleep 0.05; done'
    const program = start('sh', ['-c', script], { stopTimeoutMs: 300 })
    const pid = await pidIn(program.logFile)
    await program.stop()
    expect(runs(pid)).toBe(false)
    expect(lastLines(program.logFile)).toMatch(/refused\n.*sh was ended by SIGKILL/)
  })

  it('exits by itself with its own code, and its supervisor with it', async () => {
    const program = start('sh', ['-c', 'exit 3'])
    expect(await program.ended).toBe(3)
    await expect.poll(() => groupOf(program.pid)).toEqual([])
  })

  it('keeps running when a signal other than SIGKILL reaches its supervisor, and reacts to those signals itself', async () => {
    const program = start('sh', [
      '-c',
      'trap "echo received" TERM; echo pid $$; while :; do sleep 0.05; done',
    ])
    const pid = await pidIn(program.logFile)
    await expect.poll(() => handles(program.pid, 'SIGHUP')).toBe(true)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(program.pid ?? 0, signal)
    process.kill(pid, 'SIGTERM')
    await expect.poll(() => lastLines(program.logFile)).toContain('received')
    expect(runs(pid)).toBe(true)
    process.kill(pid, 'SIGKILL')
    expect(await program.ended).toBe(137)
  })

  it('reads nothing, and writes a log for its own user alone', async () => {
    const program = start('sh', ['-c', 'cat; umask'])
    expect(await program.ended).toBe(0)
    expect(readFileSync(program.logFile, 'utf8')).toBe('0077\n')
    expect(statSync(program.logFile).mode & 0o777).toBe(0o600)
  })
})
