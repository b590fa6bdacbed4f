import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const supervisor = fileURLToPath(new URL('./supervisor.mjs', import.meta.url))
const LOG_MAX_BYTES = 20 * 1024 * 1024

/** A program that ends when this process does. */
export interface Supervised {
  pid: number | undefined
  /** Resolves with the exit code when it has ended, for whatever cause. */
  ended: Promise<number>
  /** Ends it in order (SIGTERM, after 5 s SIGKILL) and waits. */
  stop(): Promise<void>
}

interface SuperviseOptions {
  logFile: string
  env?: Record<string, string>
  cwd?: string
  uid?: number
  gid?: number
  /** After its standard input was closed it gets SIGTERM, and after so many ms SIGKILL. */
  stopWithinMs?: number
}

/** A process that runs a program and ends it as soon as its standard input closes: at the latest when we end. */
export function spawnSupervised(
  program: string,
  args: readonly string[],
  options: SuperviseOptions,
): ChildProcessByStdio<Writable, null, null> {
  const { logFile, env, cwd, uid, gid, stopWithinMs = 5_000 } = options
  mkdirSync(dirname(logFile), { recursive: true })
  try {
    if (statSync(logFile).size > LOG_MAX_BYTES) truncateSync(logFile)
  } catch {
    // No log yet.
  }
  const child = spawn(process.execPath, [supervisor, String(stopWithinMs), logFile, program, ...args], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // A group of its own: Ctrl-C in the terminal does not reach it.
    detached: true,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
  child.stdin.on('error', () => {})
  return child
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
    ended,
    async stop() {
      child.stdin.end()
      await ended
    },
  }
}
