import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { lastLines } from './last-lines.ts'

const supervisor = fileURLToPath(new URL('./supervisor.mjs', import.meta.url))
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

/** A second program, such as the Web UI of the server. */
interface Companion {
  program: string
  args: readonly string[]
  logFile: string
}

interface SuperviseOptions {
  logFile: string
  env?: Record<string, string>
  /** Default: the folder of this process; for a program of another user `/`, which everybody may enter. */
  cwd?: string
  /** The user that the program runs as; only root may set it. The supervisor keeps the user of this process. */
  user?: UnixUser | null
  /** A second program of the same user, under the same supervisor. It ends with the first program, or before it. */
  companion?: Companion
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
  const { logFile, env, user = null, companion, stopTimeoutMs = 5_000 } = options
  const cwd = options.cwd ?? (user ? '/' : process.cwd())
  for (const log of companion ? [logFile, companion.logFile] : [logFile]) truncateLargeLog(log)
  const userArgument = user ? `${user.uid}:${user.gid}` : '-'
  const companionArgument = companion ? JSON.stringify(companion) : '-'
  const supervisorArgs = [supervisor, String(stopTimeoutMs), logFile, userArgument, cwd, companionArgument]
  const child = spawn(process.execPath, [...supervisorArgs, program, ...args], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // In a process group of its own, which Ctrl-C in the terminal does not reach.
    detached: true,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
  })
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
