import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { openStore } from '../../src/store/open-store.ts'
import { ADMIN_TOKEN } from './service-settings.ts'

/** The console in a process of its own, with a signed-in user. */
export interface ConsoleProgram {
  url: string
  pid: number
  /** The header of a signed-in browser. */
  cookie: string
  /** Adds so many events a second to the store. @returns how many were added */
  addEvents(rate: number, seconds: number): Promise<number>
  stop(): Promise<void>
}

/** Starts the console of a store that no other process has open. */
export async function startConsole(
  where: Parameters<typeof openStore>[0],
  temporalAddress: string,
): Promise<ConsoleProgram> {
  const command = [
    'scripts/run.mjs',
    'bench/console/program.ts',
    JSON.stringify({ ...where, temporalAddress }),
  ]
  const program = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(program, 'exit')
  const lines = createInterface({ input: program.stdout })
  const nextLine = async () => {
    const [line] = await Promise.race([
      once(lines, 'line'),
      exited.then(() => Promise.reject(new Error('the console has ended'))),
    ])
    return String(line)
  }
  const url = await nextLine()
  return {
    url,
    pid: program.pid ?? 0,
    cookie: await signIn(url),
    async addEvents(rate, seconds) {
      program.stdin.write(`${rate} ${seconds}\n`)
      return Number((await nextLine()).split(' ')[1])
    },
    async stop() {
      program.stdin.end()
      await exited
    },
  }
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/signin?token=${ADMIN_TOKEN}`, { redirect: 'manual' })
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  if (cookies.length === 0) throw new Error(`no sign-in: ${answer.status}`)
  return cookies.join('; ')
}
