import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { Fault, FaultBox } from './faults.ts'
import { MEANINGS } from './send-rules.ts'

export type Answer = Record<string, unknown>

/** Runs a call under the faults that are switched on. */
export async function withFaults(
  faults: FaultBox,
  c: Context,
  appId: string | null,
  work: () => Promise<Answer>,
  openId: string | null = null,
  refusedByFault: (errcode: number) => unknown = () => {},
): Promise<Response> {
  const fault: Fault = faults.take({ path: c.req.path, appId, openId }) ?? {}
  if (fault.latencyMs) await new Promise((resolve) => setTimeout(resolve, fault.latencyMs))
  if (fault.hang === 'before') return never(c)
  if (fault.reset === 'before') return reset()
  if (fault.status) return c.text('upstream error', fault.status as 500)
  if (fault.errcode !== undefined) {
    refusedByFault(fault.errcode)
    return c.json(failed(fault.errcode))
  }
  const answer = await work()
  if (fault.hang === 'after') return never(c)
  if (fault.reset === 'after') return reset()
  return c.json(answer)
}

/** The caller waits until it gives up. */
async function never(c: Context): Promise<Response> {
  await new Promise<void>((resolve) => {
    c.req.raw.signal.addEventListener('abort', () => resolve())
    setTimeout(resolve, 60_000).unref()
  })
  return c.text('too late', 504)
}

/** An answer that breaks off: the caller sees its connection lost. */
function reset(): Response {
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
  message = MEANINGS[errcode] ?? 'error',
): { errcode: number; errmsg: string } {
  return { errcode, errmsg: errcode === 0 ? 'ok' : `${message} rid: ${randomUUID().slice(0, 18)}` }
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
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}
