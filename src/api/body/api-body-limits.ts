import type { Context, MiddlewareHandler } from 'hono'
import { readUtf8 } from '../../shared/utf8.ts'
import { ApiError, refused } from '../api-error.ts'
import type { BodyBudget } from './body-budget.ts'
import { boundedBody } from './bounded-body.ts'
import { checkJsonLimits } from './json-limits.ts'
import { rejectReservedNames, rejectUnstorableText } from './storable-text.ts'

const MIB = 1024 * 1024
const MAX_FILE_BYTES = MIB
/** A preview or a dry run has a campaign file inside JSON, whose escapes make it longer. */
const MAX_PLAYED_BYTES = 4 * MIB
const PLAYED_PATHS = ['/api/campaigns/preview', '/api/campaigns/dry-run']
/** All other bodies are small: fields of an account, a menu, a reason. */
const MAX_JSON_BYTES = 256 * 1024
/** WeChat's largest medium has 10 MiB; the multipart form adds some bytes. */
const MAX_UPLOAD_BYTES = 11 * MIB
/** The largest campaign has about as many values, and seven levels. */
const JSON_LIMITS = { values: 50_000, depth: 32 }
const MEDIA_PATH = '/api/media'

/** Every check of what a call to `/api/*` sends, before its route: size and form, then texts and names that no store keeps. */
export function apiBodyChecks(budget: BodyBudget): MiddlewareHandler[] {
  return [...apiBodyLimits(budget), rejectUnstorableText, rejectReservedNames]
}

/**
 * Checks the body of every call to `/api/*`, whatever its content type. Its size is bounded ({@link boundedBody}). Text must
 * be UTF-8: a decoder would replace other bytes with U+FFFD, and the result would be published. The number of JSON values
 * is bounded ({@link checkJsonLimits}); campaign files have limits of their own.
 */
function apiBodyLimits(budget: BodyBudget): MiddlewareHandler[] {
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
      // Hono keeps these bytes: `c.req.text()` and `c.req.json()` read them later.
      const read = readUtf8(bytes, { show: c.req.path.startsWith('/api/campaigns') })
      if (!read.ok) throw refused(`The body ${read.message}`)
    }
    // For every content type: some routes parse the body without checking the type.
    if (!isCampaignFile(c) && c.req.path !== MEDIA_PATH) checkJsonLimits(bytes, JSON_LIMITS)
    return next()
  }
  return [bound, check]
}

function limitOf(c: Context): { max: number; message: string } {
  const { path } = c.req
  if (isCampaignFile(c)) return { max: MAX_FILE_BYTES, message: 'The campaign file is larger than 1 MiB.' }
  if (path === MEDIA_PATH) return { max: MAX_UPLOAD_BYTES, message: 'The medium is larger than 10 MiB.' }
  if (PLAYED_PATHS.includes(path)) return { max: MAX_PLAYED_BYTES, message: 'The body is larger than 4 MiB.' }
  return { max: MAX_JSON_BYTES, message: 'The body is larger than 256 KiB.' }
}

function isCampaignFile({ req }: Context): boolean {
  return req.method === 'PUT' && /^\/api\/campaigns\/[^/]+(\/draft)?$/.test(req.path)
}

function isText({ req }: Context): boolean {
  return !/^multipart\//i.test(req.header('content-type') ?? '')
}
