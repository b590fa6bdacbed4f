import type { Context, MiddlewareHandler } from 'hono'
import type { Principal } from '../../auth/principal.ts'
import { ApiError } from '../api-error.ts'
import type { BodyBudget, BodyPool, BodyReservation } from './body-budget.ts'

/**
 * Time for the complete body, ms. The server's own limit for a request (`src/bootstrap/http/server.ts`) is longer, so a slow
 * client gets a 408. Anonymous clients send only small forms.
 */
const TIMEOUT_MS: Readonly<Record<BodyPool, number>> = { 'signed-in': 100_000, anonymous: 10_000 }
const RETRY_AFTER_S = 2

export interface BoundedBodyOptions {
  budget: BodyBudget
  pool: BodyPool
  /** The largest body, bytes. */
  max(c: Context): number
  /** The widest network of an anonymous client. */
  sender?(c: Context): string | null
  /** @throws the response to a body over `max` */
  tooLarge(c: Context): never
  /** ms. Default: the time limit of the pool. */
  timeoutMs?: number
}

/**
 * Reads the body for the handlers after it, with bounds for size and time. Its bytes count in the budget until the response
 * is sent. It must run after authentication: before that, nothing of a body is read.
 * @throws ApiError 503 if the budget is exhausted, 408 if the body takes too long, 400 if the client disconnected
 */
export function boundedBody(options: BoundedBodyOptions): MiddlewareHandler {
  return async function bounded(c, next) {
    if (c.req.raw.body === null) return next()
    const max = options.max(c)
    const announced = contentLength(c)
    // An announced length that is too large is refused before any of the body is read.
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

/** What the console sets for a call that it makes itself. */
export interface OwnCallBindings {
  /** The body was made from a form of this sender, whose bytes count already. */
  isFromForm?: true
}

function senderOf(c: Context, { pool: share, sender }: BoundedBodyOptions): string | null {
  // The form and the call together would pass the sender's part with one large file. Both count in the pool.
  if ((c.env as OwnCallBindings | undefined)?.isFromForm) return null
  // Undefined if no authentication ran before.
  const principal: Partial<Principal> | undefined = share === 'signed-in' ? c.get('principal') : undefined
  return principal?.actor ?? sender?.(c) ?? null
}

/** The announced length, which Node's parser enforces; null for a chunked body. */
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
  // The caller has checked that there is a body.
  const reader = (c.req.raw.body as ReadableStream<Uint8Array>).getReader()
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS[options.pool]
    timer = setTimeout(() => reject(timeoutError(timeoutMs)), timeoutMs)
  })
  // It may reject after the race has ended.
  timeout.catch(() => {})
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read().catch(connectionEnded), timeout])
      if (done) {
        // A chunked body is known to be complete only now.
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
    // The rest is discarded. The server closes the connection after its response.
    reader.cancel().catch(() => {})
  }
}

function connectionEnded(): never {
  throw new ApiError(400, 'bad-request', 'The body is incomplete: the connection was closed before its end.')
}

function timeoutError(timeoutMs: number): ApiError {
  const message = `The body did not arrive completely within ${Math.ceil(timeoutMs / 1000)} s. Send it again over a faster connection.`
  return new ApiError(408, 'too-slow', message)
}

function budgetExhausted(): ApiError {
  const message = `The server is busy: its current requests use all memory for bodies. Nothing was changed. Try again in ${RETRY_AFTER_S} s.`
  return new ApiError(503, 'busy', message, undefined, { 'retry-after': String(RETRY_AFTER_S) })
}
