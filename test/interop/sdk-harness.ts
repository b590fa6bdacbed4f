import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { WAIT_TIMEOUT_MS } from '../harness/timeouts.ts'
import type { Prepared } from './prepare-sdk.ts'

/** An error that an SDK reported: a refusal of WeChat, or an error of the SDK itself. */
export class SdkError extends Error {
  override name = 'SdkError'
  /** WeChat's errcode, where the SDK reports it. */
  readonly errcode: number | null

  constructor(message: string, errcode: number | null) {
    super(message)
    this.errcode = errcode
  }
}

/** A program around an SDK: each call is a line of JSON, and so is each answer. */
export interface Harness {
  /** @throws SdkError */
  call<T = unknown>(name: string, args?: Record<string, unknown>): Promise<T>
  stop(): Promise<void>
}

interface Answer {
  id: number
  value?: unknown
  error?: { errcode: number | null; message: string }
}

/** Starts a harness. What it writes to standard error is shown when it ends by itself. */
export function startHarness(prepared: Prepared): Harness {
  const { PATH = '', HOME = '' } = process.env
  const child: ChildProcess = spawn(prepared.program, prepared.args, {
    env: { PATH, HOME, LANG: 'C.UTF-8', ...prepared.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  let lastId = 0
  let stderr = ''
  let ended: string | null = null
  child.stderr?.on('data', (text) => {
    stderr = `${stderr}${text}`.slice(-4_000)
  })
  const end = (why: string) => {
    ended = why
    for (const [id, answer] of waiting) answer({ id, error: { errcode: null, message: why } })
    waiting.clear()
  }
  child.on('error', (err) => end(`the harness did not start: ${err.message}`))
  child.on('close', (code) => end(`the harness ended with ${code}: ${stderr}`))
  // A harness that is gone answers by `close`.
  child.stdin?.on('error', () => {})
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      // SDKs log to standard output too.
      if (!line.startsWith('{"id":')) return
      const answer = JSON.parse(line) as Answer
      waiting.get(answer.id)?.(answer)
      waiting.delete(answer.id)
    })
  }

  return {
    call<T>(name: string, args: Record<string, unknown> = {}): Promise<T> {
      if (ended) return Promise.reject(new SdkError(ended, null))
      lastId += 1
      const id = lastId
      return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(id)
          reject(new SdkError(`no answer to ${name}: ${stderr}`, null))
        }, WAIT_TIMEOUT_MS)
        waiting.set(id, ({ value, error }) => {
          clearTimeout(timer)
          if (error) reject(new SdkError(`${name}: ${error.message}`, error.errcode))
          // What a harness answers is checked by the test that asked.
          else resolve(value as T)
        })
        child.stdin?.write(`${JSON.stringify({ id, call: name, args })}\n`)
      })
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'close')
      child.stdin?.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await gone
      clearTimeout(timer)
    },
  }
}
