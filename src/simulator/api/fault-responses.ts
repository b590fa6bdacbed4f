import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Fault, Faults } from './faults.ts'
import { ERROR_MESSAGES } from './send-rules.ts'

export type Answer = Record<string, unknown>

/** Contract, section 4: the product's HTTP time-out. */
const CALLER_TIMEOUT_MS = 10_000

/**
 * Runs a call under the faults that are switched on.
 * @param onFault told when a fault keeps the call from being done: the errcode it is answered with, or null for no answer
 */
export async function withFaults(
  faults: Faults,
  c: Context,
  appId: string | null,
  work: (fault: Fault) => Promise<Answer | Response>,
  openId: string | null = null,
  onFault: (errcode: number | null) => unknown = () => {},
): Promise<Response> {
  const fault: Fault = faults.take({ path: c.req.path, appId, openId }) ?? {}
  if (fault.latencyMs) await new Promise((resolve) => setTimeout(resolve, fault.latencyMs))
  if (fault.hang === 'before' || fault.reset === 'before' || fault.status) onFault(null)
  if (fault.hang === 'before') return hang(c)
  if (fault.reset === 'before') return reset(c)
  if (fault.status) return c.text('upstream error', fault.status as 500)
  if (fault.errcode !== undefined) {
    onFault(fault.errcode)
    return c.json(failed(fault.errcode))
  }
  const answer = await work(fault)
  if (fault.hang === 'after') return hang(c)
  if (fault.reset === 'after') return reset(c)
  return answer instanceof Response ? answer : c.json(answer)
}

/** The caller cannot know what became of a call that was done. */
export function hidesAnswer({ hang, reset, latencyMs = 0 }: Fault): boolean {
  return hang === 'after' || reset === 'after' || latencyMs >= CALLER_TIMEOUT_MS
}

/** The caller waits until it gives up. */
async function hang(c: Context): Promise<Response> {
  await new Promise<void>((resolve) => {
    c.req.raw.signal.addEventListener('abort', () => resolve())
    setTimeout(resolve, 60_000).unref()
  })
  return c.text('too late', 504)
}

/** An answer that breaks off: the caller sees its connection lost. */
function reset(c: Context): Response {
  // Absent where the app is asked without a server.
  const { outgoing } = (c.env ?? {}) as { outgoing?: ServerResponse }
  if (outgoing) {
    outgoing.writeHead(200, { 'content-type': 'application/json' })
    outgoing.write('{')
    outgoing.destroy()
    return RESPONSE_ALREADY_SENT
  }
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error('reset by the simulator'))
    },
  })
  return new Response(broken, { headers: { 'content-type': 'application/json' } })
}

/** An answer with an errcode, worded as WeChat does, with a `rid`. */
export function failed(
  errcode: number,
  message = ERROR_MESSAGES[errcode] ?? 'error',
): { errcode: number; errmsg: string } {
  return { errcode, errmsg: errcode === 0 ? 'ok' : `${message} rid: ${newRid()}` }
}

/** Like WeChat's: eight hex digits of the second, then twice eight of chance. */
function newRid(): string {
  const second = Math.floor(Date.now() / 1000).toString(16)
  return [second, randomBytes(4).toString('hex'), randomBytes(4).toString('hex')].join('-')
}

/** The body as an object; empty when it is none. */
export async function readJson(c: Context): Promise<Record<string, unknown>> {
  return parse(await c.req.text()) ?? {}
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** JSON that is an object, or null. */
export function parse(raw: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
