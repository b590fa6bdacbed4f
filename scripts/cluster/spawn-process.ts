import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { spawnSupervised, type UnixUser } from '../../src/temporal/local-server/supervise.ts'
import type { LocalProcess } from './service-to-process.ts'

const READY_TIMEOUT_MS = 180_000
const STOP_TIMEOUT_MS = 12_000
const JOB_ATTEMPTS = 10
const JOB_RETRY_DELAY_MS = 1_000

/** Starts a process that logs to `logFileOf(name)`. PostgreSQL runs in its own folder, and as `user` when this process is root. */
export function spawnProcess(process: LocalProcess, folder: string, user: UnixUser | null) {
  const [program, ...args] = process.command
  const { env, name } = process
  const cwd = name === 'postgres' ? join(folder, 'postgres') : process.cwd
  const logFile = logFileOf(name, folder)
  return spawnSupervised(program, args, { logFile, env, stopTimeoutMs: STOP_TIMEOUT_MS, user, cwd })
}

/** The log file of a process. */
export function logFileOf(name: string, folder: string): string {
  return join(folder, 'logs', `${name}.log`)
}

/** Runs a job until it succeeds, `JOB_ATTEMPTS` times at most. @throws Error with the cause of the last failure */
export async function runJob({ name, command, env, cwd }: LocalProcess): Promise<void> {
  const [program, ...args] = command
  for (let attempt = 1; ; attempt++) {
    try {
      await promisify(execFile)(program, args, { env, cwd })
      return
    } catch (err) {
      if (attempt >= JOB_ATTEMPTS) throw new Error(`${name} failed ${JOB_ATTEMPTS} times`, { cause: err })
      await sleep(JOB_RETRY_DELAY_MS)
    }
  }
}

/** Waits until a process is ready. @throws Error when it is not ready within `READY_TIMEOUT_MS` */
export async function waitUntilReady({ name, ready, env }: LocalProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  const isReady = async () => {
    if (ready === null) return true
    if ('port' in ready) return acceptsConnections(ready.port)
    if ('command' in ready) {
      const [program = '', ...args] = ready.command
      await promisify(execFile)(program, args, { env })
      return true
    }
    const answer = await fetch(ready.http, { signal: AbortSignal.timeout(5_000) })
    return answer.status === 200
  }
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${name} was not ready after ${READY_TIMEOUT_MS / 1000} s`)
    await sleep(100)
  }
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
