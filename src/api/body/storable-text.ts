import type { HonoRequest, MiddlewareHandler } from 'hono'
import { isStorable, unstorablePaths } from '../../shared/text.ts'
import { refused } from '../api-error.ts'

/** Have a limit and a check of their own: a campaign's says the line too. */
const CHECKED_ELSEWHERE = /^\/api\/(?:campaigns\/[^/]+|media)\/?$/

/**
 * Refuses a request with half a character ("\ud83d") or a NUL in its path, query or JSON body, before anything is done: no
 * store takes such a text, and one that was cut from a longer one should be sent whole.
 * @throws ApiError 422 with the path of each such text in query or body
 */
export const rejectUnstorableText: MiddlewareHandler = async function rejectUnstorableText(c, next) {
  const { method, path } = c.req
  if (!isStorable(path) || path.includes('%00')) throw refused('The address has a NUL in it.')
  const paths = unstorablePaths(c.req.query())
  const hasBody = method !== 'GET' && method !== 'HEAD' && method !== 'DELETE'
  if (hasBody && !CHECKED_ELSEWHERE.test(path)) {
    const body = await c.req.text()
    // As a character of its own neither can stand in JSON.
    if (body.includes('\\u')) paths.push(...unstorablePaths(parseOrNull(body)))
  }
  if (paths.length === 0) return next()
  const message = 'has half a character, or a NUL: send the text whole'
  throw refused(
    'A text here cannot be stored.',
    paths.map((at) => ({ path: at, message })),
  )
}

/** Whether path or query has half a character or a NUL in it. */
export function hasUnstorableUrl(req: HonoRequest): boolean {
  return !isStorable(req.path) || req.path.includes('%00') || unstorablePaths(req.query()).length > 0
}

/** What is no JSON is refused by whoever reads it. */
function parseOrNull(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}
