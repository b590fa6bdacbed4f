import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { readUtf8 } from '../utf8.ts'
import { ApiError, refused } from './errors.ts'

const FILE_MAX = 1024 * 1024
/** A preview carries a campaign file within JSON, whose escapes make it longer. */
const JSON_MAX = 4 * FILE_MAX

/**
 * Bodies that are text must be UTF-8; a byte order mark is no part of them. What is in another encoding is refused before
 * anything reads it: a decoder that puts U+FFFD in place of it would let rubbish be published. Uploads are left alone.
 */
export function textBodies(): MiddlewareHandler[] {
  const ofFile = bodyLimit({ maxSize: FILE_MAX, onError: () => tooLarge('The file is over 1 MiB.') })
  const ofJson = bodyLimit({ maxSize: JSON_MAX, onError: () => tooLarge('The body is over 4 MiB.') })
  const limit: MiddlewareHandler = (c, next) => {
    if (!isText(c)) return next()
    return isCampaignFile(c) ? ofFile(c, next) : ofJson(c, next)
  }
  const check: MiddlewareHandler = async (c, next) => {
    if (isText(c)) {
      // Kept by the request: whoever asks for its text or JSON afterwards gets it from these bytes.
      const read = readUtf8(await c.req.bytes(), { show: c.req.path.startsWith('/api/campaigns') })
      if (!read.ok) throw refused(`The body ${read.message}`)
    }
    return next()
  }
  return [limit, check]
}

function isText({ req }: Context): boolean {
  return req.raw.body !== null && !/^multipart\//i.test(req.header('content-type') ?? '')
}

function isCampaignFile({ req }: Context): boolean {
  return req.method === 'PUT' && req.path.startsWith('/api/campaigns/')
}

function tooLarge(message: string): never {
  throw new ApiError(413, 'too-large', message)
}
