import type { HonoRequest } from 'hono'

/** How long a body may become: as it is announced, else `max`; null when it is announced as longer than `max` bytes. */
export function declaredBytes(request: HonoRequest, max: number): number | null {
  if (request.header('transfer-encoding') !== undefined) return max
  const length = Number(request.header('content-length') ?? max)
  return length <= max ? length : null
}

/** As {@link readBody}. @throws Error when it has not come whole within `ms` */
export async function readBodyWithin(request: HonoRequest, max: number, ms: number): Promise<Buffer | null> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the body did not come within ${ms / 1000} s`)), ms)
  })
  return Promise.race([readBody(request, max), timeout]).finally(() => clearTimeout(timer))
}

/** The body; null when it is longer than `max` bytes, and then no more of it is read. */
export async function readBody(request: HonoRequest, max: number): Promise<Buffer | null> {
  const hasContentLength =
    request.header('transfer-encoding') === undefined && request.header('content-length') !== undefined
  // Node's parser holds an announced length to its word. `raw.body` is asked for only where it is needed: making that
  // stream costs as much as all the rest of a callback's way in.
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
