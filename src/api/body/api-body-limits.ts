import type { Context, MiddlewareHandler } from 'hono'
import { readUtf8 } from '../../shared/utf8.ts'
import { ApiError, refused } from '../api-error.ts'
import type { BodyBudget } from './body-budget.ts'
import { boundedBody } from './bounded-body.ts'
import { checkJsonLimits } from './json-limits.ts'

const FILE_MAX = 1024 * 1024
/** A preview carries a campaign file within JSON, whose escapes make it longer. */
const PREVIEW_MAX = 4 * FILE_MAX
/** All others are small: fields of an account, a menu, a reason. */
const JSON_MAX = 256 * 1024
/** A campaign of the greatest length may have as many; it has seven levels, and a menu fewer. */
const MEDIA = '/api/media'
const JSON_LIMITS = { values: 50_000, depth: 32 }
/** WeChat's largest medium has 10 MiB; the form around it adds some. */
const UPLOAD_MAX = 11 * FILE_MAX

/**
 * What the body of a call to `/api/*` may be, for every route and every content type: bounded
 * ({@link boundedBody}), and UTF-8 where it is text; a byte order mark is no part of it. What is in another encoding is
 * refused before anything reads it: a decoder that puts U+FFFD in place of it would let rubbish be published. JSON has a
 * bounded number of values ({@link checkJsonLimits}); a campaign file has bounds of its own.
 */
export function apiBodyLimits(budget: BodyBudget): MiddlewareHandler[] {
  const bound = boundedBody({
    budget,
    pool: 'signed-in',
    max: (c) => limitOf(c).max,
    tooLarge: (c) => {
      throw new ApiError(413, 'too-large', limitOf(c).message)
    },
  })
  const check: MiddlewareHandler = async (c, next) => {
    if (c.req.raw.body === null) return next()
    const bytes = await c.req.bytes()
    if (isText(c)) {
      // Kept by the request: whoever asks for its text or JSON afterwards gets it from these bytes.
      const read = readUtf8(bytes, { show: c.req.path.startsWith('/api/campaigns') })
      if (!read.ok) throw refused(`The body ${read.message}`)
    }
    // Whatever type it is sent as: some look into a body without asking that.
    if (!isCampaignFile(c) && c.req.path !== MEDIA) checkJsonLimits(bytes, JSON_LIMITS)
    return next()
  }
  return [bound, check]
}

function limitOf(c: Context): { max: number; message: string } {
  const { path } = c.req
  if (isCampaignFile(c)) return { max: FILE_MAX, message: 'The file is over 1 MiB.' }
  if (path === MEDIA) return { max: UPLOAD_MAX, message: 'A medium may have 10 MiB at most.' }
  if (path === '/api/campaigns/preview') return { max: PREVIEW_MAX, message: 'The body is over 4 MiB.' }
  return { max: JSON_MAX, message: 'The body is over 256 KiB.' }
}

function isCampaignFile({ req }: Context): boolean {
  return req.method === 'PUT' && /^\/api\/campaigns\/[^/]+$/.test(req.path)
}

function isText({ req }: Context): boolean {
  return !/^multipart\//i.test(req.header('content-type') ?? '')
}
