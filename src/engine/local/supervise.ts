import { spawn } from 'node:child_process'
import { mkdirSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
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

/** Starts a program under the supervisor; its output goes to `logFile`. */
export function supervise(
  program: string,
  args: readonly string[],
  options: { logFile: string; env?: Record<string, string>; uid?: number; gid?: number },
): Supervised {
  mkdirSync(dirname(options.logFile), { recursive: true })
  try {
    if (statSync(options.logFile).size > LOG_MAX_BYTES) truncateSync(options.logFile)
  } catch {
    // No log yet.
  }
  const { uid, gid } = options
  const child = spawn(process.execPath, [supervisor, options.logFile, program, ...args], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // A group of its own: Ctrl-C in the terminal does not reach it.
    detached: true,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...options.env },
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
  child.stdin.on('error', () => {})
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
