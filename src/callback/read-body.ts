import type { HonoRequest } from 'hono'
import { EvictedError, type Permit } from './admission/permit.ts'
import type { CallbackRequest } from './callback-deps.ts'
import { withinDeadline } from './deadline.ts'
import { notStored, overloaded, refused } from './rejections.ts'

/** A longer callback is refused with 413. */
export const MAX_CALLBACK_BYTES = 64 * 1024

/**
 * Reads the body of an admitted callback.
 * @throws RejectedCallbackError 413, or 500 when the body is late or the request was evicted
 */
export async function readCallbackBody(
  { appId, http, startedAt }: CallbackRequest,
  permit: Permit,
): Promise<Buffer> {
  const reading = permit.read(readBody(http, MAX_CALLBACK_BYTES))
  const body = await withinDeadline(startedAt, reading, 'the body did not arrive').catch((err: unknown) => {
    throw err instanceof EvictedError ? overloaded(appId) : notStored(err, appId)
  })
  if (!body) throw refused(413, 'body over 64 KiB', appId)
  return body
}

/** The longest possible body, bytes: the declared length, or `max` without one; null when the declared length is above `max`. */
export function declaredBytes(request: HonoRequest, max: number): number | null {
  if (request.header('transfer-encoding') !== undefined) return max
  const length = Number(request.header('content-length') ?? max)
  return length <= max ? length : null
}

/** Reads a body of at most `max` bytes. @returns null when it is longer; the rest is not read */
export async function readBody(request: HonoRequest, max: number): Promise<Buffer | null> {
  const hasContentLength =
    request.header('transfer-encoding') === undefined && request.header('content-length') !== undefined
  // Node's parser enforces a declared length. `raw.body` is used only without one: to create that stream costs as much as the
  // rest of the admission.
  const stream = hasContentLength ? null : request.raw.body
  if (!stream) {
    const buffer = Buffer.from(await request.arrayBuffer())
    return buffer.length > max ? null : buffer
  }
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    size += value.byteLength
    if (size > max) {
      await reader.cancel().catch(() => {})
      return null
    }
    chunks.push(value)
  }
}
