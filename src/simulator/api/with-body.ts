import { z } from 'zod'
import { type Answer, failed } from './fault-responses.ts'
import type { Call, Handle } from './router.ts'

type Result = Answer | Response | Promise<Answer | Response>

/** Handles a call whose JSON body matches the schema. Any other body is answered with `errcode`, by default 47001. */
export function withBody<T>(
  schema: z.ZodType<T>,
  handle: (body: T, call: Call) => Result,
  errcode = 47001,
): Handle {
  return (call) => {
    const read = schema.safeParse(call.body)
    return read.success ? handle(read.data, call) : failed(errcode)
  }
}

/** An id that WeChat's documents show as a number in one place and as a text in another. */
export const numberOrDigits = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
])

/** The answer `{errcode: 0, errmsg: 'ok'}`. */
export const done = () => failed(0)
