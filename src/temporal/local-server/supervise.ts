import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { lastLines } from './last-lines.ts'

const supervisor = fileURLToPath(new URL('./supervisor.mjs', import.meta.url))
const LOG_MAX_BYTES = 20 * 1024 * 1024

/** A program that ends when this process does. */
export interface Supervised {
  pid: number | undefined
  logFile: string
  /** Resolves with the exit code when it has ended, for whatever cause. */
  ended: Promise<number>
  /** Ends it in order (SIGTERM, after 5 s SIGKILL) and waits. */
  stop(): Promise<void>
}

/** A user of this machine, by numbers. */
export interface UnixUser {
  uid: number
  gid: number
}

/** What lives beside a program, such as the Web UI beside the server. */
interface Companion {
  program: string
  args: readonly string[]
  logFile: string
}

interface SuperviseOptions {
  logFile: string
  env?: Record<string, string>
  /** This process's own, if nothing is said; of another user's program it is `/`, which everybody may enter. */
  cwd?: string
  /** Whom the program runs as; root only. The supervisor stays who we are. */
  user?: UnixUser | null
  /** A second program of the same user, under the same supervisor: it ends with the first, or before. */
  companion?: Companion
  /** After its standard input was closed it gets SIGTERM, and after so many ms SIGKILL. */
  stopTimeoutMs?: number
}

/** A program ended, or did not answer, where it was to start; the message has the last lines of its log. */
export class NotStartedError extends Error {
  override name = 'NotStartedError'
}

/** A process that runs a program and ends it as soon as its standard input closes: at the latest when we end. */
export function spawnSupervised(
  program: string,
  args: readonly string[],
  options: SuperviseOptions,
): ChildProcessByStdio<Writable, null, null> {
  const { logFile, env, user = null, companion, stopTimeoutMs: stopWithinMs = 5_000 } = options
  const cwd = options.cwd ?? (user ? '/' : process.cwd())
  for (const log of companion ? [logFile, companion.logFile] : [logFile]) truncateLargeLog(log)
  const userArgument = user ? `${user.uid}:${user.gid}` : '-'
  const companionArgument = companion ? JSON.stringify(companion) : '-'
  const supervisorArgs = [supervisor, String(stopWithinMs), logFile, userArgument, cwd, companionArgument]
  const child = spawn(process.execPath, [...supervisorArgs, program, ...args], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // A group of its own: Ctrl-C in the terminal does not reach it.
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

/** Starts a program under the supervisor; its output goes to `logFile`. */
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
 * Waits until a program does its work, and no longer than it runs.
 * @param ready resolves then; rejects when the signal fires, or when it has waited long enough
 * @throws NotStartedError with the last lines of its log. The program may run still: stop it
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
