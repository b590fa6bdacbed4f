import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { isRecord } from '../is-record.ts'
import type { Fault, Faults } from './faults.ts'
import { ERROR_MESSAGES } from './send-rules.ts'

export type Answer = Record<string, unknown>

/** The product's HTTP time-out (docs/contract.md#4-sending). */
const CALLER_TIMEOUT_MS = 10_000

/**
 * Runs a call under the active faults.
 * @param onFault called when a fault prevents the call: with the errcode of the answer, or null when there is no answer
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

/** Whether the caller cannot know the result of a call that was carried out. */
export function hidesAnswer({ hang, reset, latencyMs = 0 }: Fault): boolean {
  return hang === 'after' || reset === 'after' || latencyMs >= CALLER_TIMEOUT_MS
}

/** Answers nothing until the caller closes the connection, or for a minute. */
async function hang(c: Context): Promise<Response> {
  await new Promise<void>((resolve) => {
    c.req.raw.signal.addEventListener('abort', () => resolve())
    setTimeout(resolve, 60_000).unref()
  })
  return c.text('too late', 504)
}

/** Breaks the connection off in the middle of an answer. */
function reset(c: Context): Response {
  // Absent when the app is called without a server.
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

/** An answer with an errcode, WeChat's message for it and a `rid`. */
export function failed(
  errcode: number,
  message = ERROR_MESSAGES[errcode] ?? 'error',
): { errcode: number; errmsg: string } {
  return { errcode, errmsg: errcode === 0 ? 'ok' : `${message} rid: ${newRid()}` }
}

/** A request id in WeChat's format: eight hex digits of the second, then two random groups of eight. */
function newRid(): string {
  const second = Math.floor(Date.now() / 1000).toString(16)
  return [second, randomBytes(4).toString('hex'), randomBytes(4).toString('hex')].join('-')
}

/** The JSON body; empty when the body is not a JSON object. */
export async function readJson(c: Context): Promise<Record<string, unknown>> {
  return parseObject(await c.req.text()) ?? {}
}

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** The JSON object in `raw`; null when it is anything else. */
export function parseObject(raw: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(raw)
    return isRecord(value) ? { ...value } : null
  } catch {
    return null
  }
}
