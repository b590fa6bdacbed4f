import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { BusyError } from '../auth/passwords/fair-queue.ts'
import { PasswordRefusedError } from '../auth/passwords/password-hash.ts'
import type { Role } from '../auth/roles.ts'
import type { Log } from '../shared/log.ts'
import { truncateText } from '../shared/text.ts'
import { StoreError } from '../store/store-error.ts'
import { TemporalUnavailableError } from '../temporal/run-client.ts'

/** So much of an address goes to the log. */
const MAX_PATH_CHARS = 200

/** More nobody reads, and each of a body of 4 MiB would make an answer that is longer than it. */
const MAX_ISSUES = 200
const MAX_ISSUE_PATH_CHARS = 300
const MAX_ISSUE_MESSAGE_CHARS = 2_000

export interface ApiIssue {
  path: string
  message: string
  line?: number | undefined
  column?: number | undefined
}

/** An error response of the API ([contract](../../docs/contract.md#6-operator-api)). */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly issues: ApiIssue[] | undefined
  readonly headers: Record<string, string> | undefined
  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    issues?: ApiIssue[],
    headers?: Record<string, string>,
  ) {
    super(message)
    this.status = status
    this.code = code
    this.issues = issues
    this.headers = headers
  }
}

export const notFound = (what: string) => new ApiError(404, 'not-found', `There is no ${what}.`)
export const refused = (message: string, issues?: ApiIssue[]) =>
  new ApiError(422, 'refused', message, issues && limitIssues(issues))
export const forbidden = (needed: Role, given: Role) =>
  new ApiError(403, 'forbidden', `This needs the role ${needed}; this token has ${given}.`)
export const conflict = (message: string) => new ApiError(409, 'conflict', message)

/** The first ones, and how many more there are; a path and a message no longer than somebody reads. */
function limitIssues(issues: readonly ApiIssue[]): ApiIssue[] {
  // One more takes no more room than the word of it; a check of campaign files ends with such a word itself.
  const allFit = issues.length <= MAX_ISSUES + 1
  const shown = (allFit ? issues : issues.slice(0, MAX_ISSUES)).map((issue) => ({
    ...issue,
    path: truncate(issue.path, MAX_ISSUE_PATH_CHARS),
    message: truncate(issue.message, MAX_ISSUE_MESSAGE_CHARS),
  }))
  if (allFit) return shown
  return [...shown, { path: '', message: `and ${issues.length - MAX_ISSUES} more errors` }]
}

function truncate(text: string, max: number): string {
  const cut = truncateText(text, max)
  return cut === text ? text : `${cut}…`
}

/** Every error of the API as `{error: {code, message, issues?}}`. */
export function respondWithError(err: unknown, c: Context, log: Log): Response {
  const { status, code, message, issues, headers } = toApiError(err, c, log)
  return c.json({ error: { code, message, ...(issues ? { issues } : {}) } }, status, headers)
}

/** What an error is to whoever asked. What is not expected is logged, and told in no detail. */
export function toApiError(err: unknown, c: Context, log: Log): ApiError {
  if (err instanceof ApiError) return err
  if (err instanceof TemporalUnavailableError) {
    const message =
      'Temporal does not answer at present. Nothing was changed; try again when /readyz says engine: up.'
    return new ApiError(503, 'temporal-unavailable', message)
  }
  if (err instanceof BusyError) {
    const message = 'Too many passwords are being looked at just now. Try again in some seconds.'
    return new ApiError(429, 'too-many', message, undefined, { 'retry-after': '2' })
  }
  if (err instanceof PasswordRefusedError) {
    return refused('This password cannot be taken.', [{ path: 'password', message: err.message }])
  }
  if (err instanceof HTTPException) {
    // Hono throws this for a body that is not JSON, which the API refuses as content.
    if (err.status === 400) return refused('The body is not readable.')
    const message = err.message || 'The request was refused.'
    return new ApiError(err.status, err.status === 413 ? 'too-large' : 'bad-request', message)
  }
  // PostgreSQL's class 22: the data is at fault, such as NUL in a text, or half a surrogate pair.
  if (err instanceof StoreError && err.code?.startsWith('22'))
    return refused('A text or number here cannot be stored.')
  log.error({ err, method: c.req.method, path: truncateText(c.req.path, MAX_PATH_CHARS) }, 'request failed')
  return new ApiError(500, 'internal', 'Something went wrong here. The log of this server has the details.')
}
