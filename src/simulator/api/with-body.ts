import type { z } from 'zod'
import { type Answer, failed } from './fault-responses.ts'
import type { Call, Handle } from './router.ts'

type Result = Answer | Response | Promise<Answer | Response>

/** A call whose JSON body has this shape; another one is answered with `errcode` (47001 data format error by default). */
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

/** `{errcode: 0, errmsg: 'ok'}`. */
export const done = () => failed(0)
