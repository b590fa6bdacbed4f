import type { Context, MiddlewareHandler } from 'hono'
import { readUtf8 } from '../utf8.ts'
import type { BodyBudget } from './body-budget.ts'
import { boundedBody } from './bounded-body.ts'
import { ApiError, refused } from './errors.ts'

const FILE_MAX = 1024 * 1024
/** A preview carries a campaign file within JSON, whose escapes make it longer. */
const JSON_MAX = 4 * FILE_MAX
/** WeChat's largest medium has 10 MiB; the form around it adds some. */
const UPLOAD_MAX = 11 * FILE_MAX

/**
 * What the body of a call to `/api/*` may be, for every route and every content type: bounded
 * ({@link boundedBody}), and UTF-8 where it is text; a byte order mark is no part of it. What is in another encoding is
 * refused before anything reads it: a decoder that puts U+FFFD in place of it would let rubbish be published.
 */
export function apiBodies(budget: BodyBudget): MiddlewareHandler[] {
  const bound = boundedBody({
    budget,
    share: 'signed-in',
    max: (c) => limitOf(c).max,
    tooLarge: (c) => {
      throw new ApiError(413, 'too-large', limitOf(c).message)
    },
  })
  const check: MiddlewareHandler = async (c, next) => {
    if (isText(c)) {
      // Kept by the request: whoever asks for its text or JSON afterwards gets it from these bytes.
      const read = readUtf8(await c.req.bytes(), { show: c.req.path.startsWith('/api/campaigns') })
      if (!read.ok) throw refused(`The body ${read.message}`)
    }
    return next()
  }
  return [bound, check]
}

function limitOf({ req }: Context): { max: number; message: string } {
  if (req.method === 'PUT' && req.path.startsWith('/api/campaigns/'))
    return { max: FILE_MAX, message: 'The file is over 1 MiB.' }
  if (req.path === '/api/media') return { max: UPLOAD_MAX, message: 'A medium may have 10 MiB at most.' }
  return { max: JSON_MAX, message: 'The body is over 4 MiB.' }
}

function isText({ req }: Context): boolean {
  return req.raw.body !== null && !/^multipart\//i.test(req.header('content-type') ?? '')
}
