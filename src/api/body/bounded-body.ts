import type { Context, MiddlewareHandler } from 'hono'
import type { Principal } from '../../auth/principal.ts'
import { ApiError } from '../api-error.ts'
import type { BodyBudget, BodyPool, BodyReservation } from './body-budget.ts'

/**
 * How long the whole body may take, ms. The server's own limit for a request (`src/bootstrap/http/server.ts`) is longer, so that
 * who is too slow is told so. Whoever has not signed in sends a small form.
 */
const TIMEOUT_MS: Readonly<Record<BodyPool, number>> = { 'signed-in': 100_000, anonymous: 10_000 }
const RETRY_AFTER_S = 2

export interface BoundedBodyOptions {
  budget: BodyBudget
  pool: BodyPool
  /** Bytes that the body may have. */
  max(c: Context): number
  /** Of whoever is not signed in: the widest network that the request comes from. */
  sender?(c: Context): string | null
  /** @throws the answer to a body over `max` */
  tooLarge(c: Context): never
  /** ms; without: as the share has it. */
  timeoutMs?: number
}

/**
 * Reads the body for whoever comes after it: bounded in size and time, and counted in the budget of all requests from
 * its first byte until the request is answered. Belongs behind the guard: before it nothing of a body is read.
 * @throws ApiError 503 when too many bytes are held already, 408 when the body takes too long, 400 when its sender left
 */
export function boundedBody(options: BoundedBodyOptions): MiddlewareHandler {
  return async function bounded(c, next) {
    if (c.req.raw.body === null) return next()
    const max = options.max(c)
    const announced = contentLength(c)
    // Refused by its length, none of it is read.
    if (announced !== null && announced > max) return options.tooLarge(c)
    const reservation = options.budget.reserve(options.pool, senderOf(c, options))
    try {
      const body = await readAll(c, { max, announced }, reservation, options)
      c.req.raw = new Request(c.req.raw, { body })
      await next()
    } finally {
      reservation.release()
    }
  }
}

function senderOf(c: Context, { pool: share, sender }: BoundedBodyOptions): string | null {
  // Unset where no guard stands before.
  const principal: Partial<Principal> | undefined = share === 'signed-in' ? c.get('principal') : undefined
  return principal?.actor ?? sender?.(c) ?? null
}

/** null: only its end tells how long it was. Node's parser holds an announced length to its word. */
function contentLength({ req }: Context): number | null {
  if (req.header('transfer-encoding') !== undefined) return null
  const length = req.header('content-length')
  return length === undefined ? null : Number(length)
}

async function readAll(
  c: Context,
  { max, announced }: { max: number; announced: number | null },
  reservation: BodyReservation,
  options: BoundedBodyOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  // The caller has seen that there is one.
  const reader = (c.req.raw.body as ReadableStream<Uint8Array>).getReader()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS[options.pool]
    timer = setTimeout(() => reject(timeoutError(timeoutMs)), timeoutMs)
  })
  // It may come when nobody waits for it any more.
  timeout.catch(() => {})
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(connectionEnded), timeout])
      if (done) {
        // Where no length was announced, only now it is whole.
        reservation.grow(0, true)
        return Buffer.concat(chunks, size)
      }
      size += value.byteLength
      if (size > max) return options.tooLarge(c)
      if (!reservation.grow(value.byteLength, size === announced)) throw budgetExhausted()
      chunks.push(value)
    }
  } finally {
    clearTimeout(timer)
    // Nothing of what still comes is kept; the server closes the connection when it has answered.
    reader.cancel().catch(() => {})
  }
}

function connectionEnded(): never {
  throw new ApiError(400, 'bad-request', 'The body did not come whole: the connection ended before it did.')
}

function timeoutError(timeoutMs: number): ApiError {
  const message = `The body did not come whole within ${Math.ceil(timeoutMs / 1000)} s. Send it again over a faster line.`
  return new ApiError(408, 'too-slow', message)
}

function budgetExhausted(): ApiError {
  const message = `This server holds as many bytes of requests as it may. Nothing was changed; try again in ${RETRY_AFTER_S} s.`
  return new ApiError(503, 'busy', message, undefined, { 'retry-after': String(RETRY_AFTER_S) })
}
