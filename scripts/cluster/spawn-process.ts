import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { spawnSupervised, type UnixUser } from '../../src/temporal/local-server/supervise.ts'
import type { LocalProcess } from './service-to-process.ts'

const READY_TIMEOUT_MS = 180_000
const STOP_TIMEOUT_MS = 12_000

/** Starts a process, its output in `logFileOf` it; PostgreSQL's in its own folder, as `user` where we are root. */
export function spawnProcess(process: LocalProcess, folder: string, user: UnixUser | null) {
  const [program, ...args] = process.command
  const { env, name } = process
  const cwd = name === 'postgres' ? join(folder, 'postgres') : process.cwd
  const logFile = logFileOf(name, folder)
  return spawnSupervised(program, args, { logFile, env, stopTimeoutMs: STOP_TIMEOUT_MS, user, cwd })
}

/** Where a process of a stack logs. */
export function logFileOf(name: string, folder: string): string {
  return join(folder, 'logs', `${name}.log`)
}

/** Waits until a process does its work. @throws Error when it does not in time */
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
    if (Date.now() > deadline) throw new Error(`${name} is not ready after ${READY_TIMEOUT_MS / 1000} s`)
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
