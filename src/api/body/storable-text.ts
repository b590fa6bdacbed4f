import type { HonoRequest, MiddlewareHandler } from 'hono'
import { MAYBE_RESERVED, reservedNameProblem, reservedPaths } from '../../shared/reserved-names.ts'
import { isStorable, unstorablePaths } from '../../shared/text.ts'
import { type ApiIssue, refused } from '../api-error.ts'

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
  if (hasBody(method) && !CHECKED_ELSEWHERE.test(path)) {
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

/**
 * Refuses a field named `__proto__` in a JSON body, which schemas would leave out. A campaign file has a check of its own.
 * @throws ApiError 422 with the path of each such field
 */
export const rejectReservedNames: MiddlewareHandler = async function rejectReservedNames(c, next) {
  const { method } = c.req
  const isFile = method === 'PUT' && CHECKED_ELSEWHERE.test(c.req.path)
  const isJson = /\bjson\b/i.test(c.req.header('content-type') ?? '')
  if (!isJson || isFile || !hasBody(method)) return next()
  const body = await c.req.text()
  const paths = MAYBE_RESERVED.test(body) ? reservedPaths(parseOrNull(body)) : []
  if (paths.length === 0) return next()
  const message = reservedNameProblem('__proto__') ?? ''
  const issues: ApiIssue[] = paths.map((path) => ({ path, message }))
  throw refused('The request has a field whose name is reserved.', issues)
}

const hasBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD' && method !== 'DELETE'

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
