import type { Context } from 'hono'
import type { z } from 'zod'
import { describeIssues } from './callbacks/server-settings.ts'
import { isRecord } from './is-record.ts'

/**
 * The JSON object in the body of a control call.
 * @param whenMissing stands for an empty body; without it, one is required
 * @throws Error that says what the body is instead
 */
export async function readObject(
  c: Context,
  whenMissing?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const text = (await c.req.text()).trim()
  if (text === '') {
    if (whenMissing) return whenMissing
    throw new Error('the body is missing: send a JSON object')
  }
  const value = parsed(text)
  if (!isRecord(value)) throw new Error(`the body must be a JSON object, not ${kindOf(value)}`)
  return value as Record<string, unknown>
}

/** The fields of a body. @throws Error that names the invalid ones */
export function readFields<T>(schema: z.ZodType<T>, body: Record<string, unknown>): T {
  const read = schema.safeParse(body)
  if (!read.success) throw new Error(describeIssues(read.error))
  return read.data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('the body is not valid JSON')
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'string' ? 'a text' : `a ${typeof value}`
}
