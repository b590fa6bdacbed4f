import type { HonoRequest, MiddlewareHandler } from 'hono'
import { isStorable, unstorablePaths } from '../../shared/text.ts'
import { refused } from '../api-error.ts'

/** Routes with a check of their own; the check of campaign files also reports the line. */
const CHECKED_ELSEWHERE = /^\/api\/(?:campaigns\/[^/]+(?:\/draft)?|media)\/?$/

/**
 * Refuses a request with half a surrogate pair ("\ud83d") or a NUL in its path, query or JSON body. Neither store accepts such
 * a text.
 * @throws ApiError 422 with the path of each such text in query or body
 */
export const rejectUnstorableText: MiddlewareHandler = async function rejectUnstorableText(c, next) {
  const { method, path } = c.req
  if (!isStorable(path) || path.includes('%00'))
    throw refused('The URL contains a NUL character or half of a surrogate pair.')
  const paths = unstorablePaths(c.req.query())
  const hasBody = method !== 'GET' && method !== 'HEAD' && method !== 'DELETE'
  if (hasBody && !CHECKED_ELSEWHERE.test(path)) {
    const body = await c.req.text()
    // JSON can contain both only as \u escapes.
    if (body.includes('\\u')) paths.push(...unstorablePaths(parseOrNull(body)))
  }
  if (paths.length === 0) return next()
  const message =
    'contains a NUL character or half of a surrogate pair (half an emoji): send the complete text'
  throw refused(
    'The request has a text that cannot be stored.',
    paths.map((at) => ({ path: at, message })),
  )
}

/** Whether path or query contains half a surrogate pair or a NUL. */
export function hasUnstorableUrl(req: HonoRequest): boolean {
  return !isStorable(req.path) || req.path.includes('%00') || unstorablePaths(req.query()).length > 0
}

/** The route itself refuses a body that is not JSON. */
function parseOrNull(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
