import type { Context, MiddlewareHandler } from 'hono'
import type { Who } from '../access/who.ts'
import type { BodyBudget, BodyHold, BodyShare } from './body-budget.ts'
import { ApiError } from './errors.ts'

/**
 * How long the whole body may take, ms. The server's own limit for a request (`src/app/server.ts`) is longer, so that
 * who is too slow is told so. Whoever has not signed in sends a small form.
 */
const WITHIN_MS: Readonly<Record<BodyShare, number>> = { 'signed-in': 100_000, anonymous: 10_000 }
const RETRY_AFTER_S = 2

export interface BodyBound {
  budget: BodyBudget
  share: BodyShare
  /** Bytes that the body may have. */
  max(c: Context): number
  /** Of whoever is not signed in: the widest network that the request comes from. */
  sender?(c: Context): string | null
  /** @throws the answer to a body over `max` */
  tooLarge(c: Context): never
  /** ms; without: as the share has it. */
  withinMs?: number
}

/**
 * Reads the body for whoever comes after it: bounded in size and time, and counted in the budget of all requests from
 * its first byte until the request is answered. Belongs behind the guard: before it nothing of a body is read.
 * @throws ApiError 503 when too many bytes are held already, 408 when the body takes too long, 400 when its sender left
 */
export function boundedBody(bound: BodyBound): MiddlewareHandler {
  return async function bounded(c, next) {
    if (c.req.raw.body === null) return next()
    const max = bound.max(c)
    const announced = announcedLength(c)
    // Refused by its length, none of it is read.
    if (announced !== null && announced > max) return bound.tooLarge(c)
    const hold = bound.budget.open(bound.share, senderOf(c, bound))
    try {
      const body = await readAll(c, { max, announced }, hold, bound)
      c.req.raw = new Request(c.req.raw, { body })
      await next()
    } finally {
      hold.release()
    }
  }
}

function senderOf(c: Context, { share, sender }: BodyBound): string | null {
  // Unset where no guard stands before.
  const who: Partial<Who> | undefined = share === 'signed-in' ? c.get('who') : undefined
  return who?.actor ?? sender?.(c) ?? null
}

/** null: only its end tells how long it was. Node's parser holds an announced length to its word. */
function announcedLength({ req }: Context): number | null {
  if (req.header('transfer-encoding') !== undefined) return null
  const length = req.header('content-length')
  return length === undefined ? null : Number(length)
}

async function readAll(
  c: Context,
  { max, announced }: { max: number; announced: number | null },
  hold: BodyHold,
  bound: BodyBound,
): Promise<Uint8Array<ArrayBuffer>> {
  // The caller has seen that there is one.
  const reader = (c.req.raw.body as ReadableStream<Uint8Array>).getReader()
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    const withinMs = bound.withinMs ?? WITHIN_MS[bound.share]
    timer = setTimeout(() => reject(slow(withinMs)), withinMs)
  })
  // It may come when nobody waits for it any more.
  tooSlow.catch(() => {})
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(senderLeft), tooSlow])
      if (done) {
        // Where no length was announced, only now it is whole.
        hold.grow(0, true)
        return Buffer.concat(pieces, size)
      }
      size += value.byteLength
      if (size > max) return bound.tooLarge(c)
      if (!hold.grow(value.byteLength, size === announced)) throw full()
      pieces.push(value)
    }
  } finally {
    clearTimeout(timer)
    // Nothing of what still comes is kept; the server closes the connection when it has answered.
    reader.cancel().catch(() => {})
  }
}

function senderLeft(): never {
  throw new ApiError(400, 'bad-request', 'The body did not come whole: the connection ended before it did.')
}

function slow(withinMs: number): ApiError {
  const message = `The body did not come whole within ${Math.ceil(withinMs / 1000)} s. Send it again over a faster line.`
  return new ApiError(408, 'too-slow', message)
}

function full(): ApiError {
  const message = `This server holds as many bytes of requests as it may. Nothing was changed; try again in ${RETRY_AFTER_S} s.`
  return new ApiError(503, 'busy', message, undefined, { 'retry-after': String(RETRY_AFTER_S) })
}
