import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { lastLines } from './last-lines.ts'

/** The name of each supervisor in the list of processes. The path of its log follows it. */
export const SUPERVISOR = 'follower-nurture-supervisor'
/** Passed as text: another user may have no permission to read the file. */
const script = readFileSync(new URL('./supervisor.sh', import.meta.url), 'utf8')
const LOG_MAX_BYTES = 20 * 1024 * 1024

/** A program that ends when this process ends. */
export interface Supervised {
  pid: number | undefined
  logFile: string
  /** Resolves with the exit code when the program has ended for any reason. */
  ended: Promise<number>
  /** Stops the program (SIGTERM, SIGKILL after `stopTimeoutMs`) and waits until it has ended. */
  stop(): Promise<void>
}

/** A user of this machine. */
export interface UnixUser {
  uid: number
  gid: number
}

interface SuperviseOptions {
  logFile: string
  env?: Record<string, string>
  /** Default: the folder of this process; for a program of another user `/`, which everybody may enter. */
  cwd?: string
  /** The user that the program and its supervisor run as; only root may set it. */
  user?: UnixUser | null
  /** Time between SIGTERM and SIGKILL, ms. Default: 5,000. */
  stopTimeoutMs?: number
}

/** A program exited, or did not answer, during its start. The message has the last lines of its log. */
export class NotStartedError extends Error {
  override name = 'NotStartedError'
}

/** Spawns a supervisor that runs a program and stops it once its standard input closes, at the latest when this process ends. */
export function spawnSupervised(
  program: string,
  args: readonly string[],
  options: SuperviseOptions,
): ChildProcessByStdio<Writable, null, null> {
  const { logFile, env, user = null, stopTimeoutMs = 5_000 } = options
  const cwd = options.cwd ?? (user ? '/' : process.cwd())
  truncateLargeLog(logFile)
  const log = openSync(logFile, 'a', 0o600)
  const supervisorArgs = ['-c', script, SUPERVISOR, logFile, String(stopTimeoutMs / 1_000), cwd]
  const child = spawn('/bin/sh', [...supervisorArgs, program, ...args], {
    stdio: ['pipe', log, log],
    // In a process group of its own, which Ctrl-C in the terminal does not reach.
    detached: true,
    // Exists for every user.
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    ...user,
    // The types of a pipe beside file descriptors are missing in Node's.
  }) as ChildProcessByStdio<Writable, null, null>
  closeSync(log)
  child.stdin.on('error', () => {})
  return child
}

function truncateLargeLog(logFile: string): void {
  mkdirSync(dirname(logFile), { recursive: true })
  try {
    if (statSync(logFile).size > LOG_MAX_BYTES) truncateSync(logFile)
  } catch {
    // No log yet.
  }
}

/** Starts a program under a supervisor. Its output is appended to `logFile`. */
export function supervise(program: string, args: readonly string[], options: SuperviseOptions): Supervised {
  const child = spawnSupervised(program, args, options)
  const ended = new Promise<number>((resolve) => {
    child.on('exit', (code) => resolve(code ?? 1))
    child.on('error', () => resolve(127))
  })
  return {
    pid: child.pid,
    logFile: options.logFile,
    ended,
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}

/**
 * Waits until a program is ready, or has exited.
 * @param ready resolves once the program is ready; rejects after its own time limit, or when the signal fires
 * @throws NotStartedError with the last lines of its log. The program may still be running: stop it
 */
export async function untilReady(
  name: string,
  program: Pick<Supervised, 'ended' | 'logFile'>,
  ready: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const abort = new AbortController()
  const endedEarly = program.ended.then((code) => {
    throw new Error(`it ended with exit code ${code}`)
  })
  const waiting = ready(abort.signal)
  waiting.catch(() => {})
  try {
    await Promise.race([waiting, endedEarly])
  } catch (err) {
    const reason = err instanceof Error ? err.message : String(err)
    throw new NotStartedError(`${name} does not start: ${reason}\n${lastLines(program.logFile)}`, {
      cause: err,
    })
  } finally {
    abort.abort()
  }
}
