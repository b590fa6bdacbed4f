import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { PasswordRefusedError } from '../auth/passwords/password-hash.ts'
import { BusyError } from '../auth/passwords/round-robin-queue.ts'
import type { Role } from '../auth/roles.ts'
import type { Log } from '../shared/log.ts'
import { truncateText } from '../shared/text.ts'
import { StoreError } from '../store/store-error.ts'
import { TemporalUnavailableError } from '../temporal/run-client.ts'
import { describeJsonError } from './describe-json-error.ts'

/** A request path is truncated to this length in the log. */
const MAX_PATH_CHARS = 200

/** Bounds the response: every value of a 4 MiB body could be an issue. */
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
  /** Further fields of the error, like `expected` and `current` of a conflict. */
  readonly more: Record<string, unknown> | undefined
  constructor(
    status: ContentfulStatusCode,
    code: string,
    message: string,
    issues?: ApiIssue[],
    headers?: Record<string, string>,
    more?: Record<string, unknown>,
  ) {
    super(message)
    this.status = status
    this.code = code
    this.issues = issues
    this.headers = headers
    this.more = more
  }
}

/** 404. @param what the kind of thing with its id, like `campaign welcome` */
export const notFound = (what: string) => new ApiError(404, 'not-found', `There is no ${what}.`)
/** 422, for content that is not accepted. Of many issues, the response has the first 200 and the number of the others. */
export const refused = (message: string, issues?: ApiIssue[]) =>
  new ApiError(422, 'refused', message, issues && limitIssues(issues))
/** 403, for an authenticated caller whose role is too low. */
export const forbidden = (needed: Role, given: Role) =>
  new ApiError(403, 'forbidden', `This call needs the role ${needed}. The caller has the role ${given}.`)
/** 409: what is there does not allow the change. Of another version or revision than expected: `versionConflict`. */
export const conflict = (message: string) => new ApiError(409, 'conflict', message)
/** 503. It promises that nothing was changed. @param advice begins with a space */
export const temporalUnavailableError = (advice = '') =>
  new ApiError(503, 'temporal-unavailable', `Temporal is not reachable. Nothing was changed.${advice}`)

/** Keeps the first issues and adds the number of the others. Truncates long paths and messages. */
function limitIssues(issues: readonly ApiIssue[]): ApiIssue[] {
  // The check of campaign files ends its own list of MAX_ISSUES with such a number.
  const allFit = issues.length <= MAX_ISSUES + 1
  const kept = (allFit ? issues : issues.slice(0, MAX_ISSUES)).map((issue) => ({
    ...issue,
    path: truncate(issue.path, MAX_ISSUE_PATH_CHARS),
    message: truncate(issue.message, MAX_ISSUE_MESSAGE_CHARS),
  }))
  if (allFit) return kept
  return [...kept, { path: '', message: `and ${issues.length - MAX_ISSUES} more errors` }]
}

function truncate(text: string, max: number): string {
  const cut = truncateText(text, max)
  return cut === text ? text : `${cut}…`
}

/** The message of Hono's validator. The error of the parser is not attached. */
const MALFORMED_JSON = 'Malformed JSON in request body'

/** Responds to an error with `{error: {code, message, issues?}}`. */
export async function respondWithError(err: unknown, c: Context, log: Log): Promise<Response> {
  if (err instanceof HTTPException && err.message === MALFORMED_JSON)
    return respondWithError(refused(describeJsonError(await c.req.text())), c, log)
  const { status, code, message, issues, headers, more } = toApiError(err, c, log)
  return c.json({ error: { code, message, ...(issues ? { issues } : {}), ...more } }, status, headers)
}

/** Maps an error to an API error. An unexpected error is logged, and its response has no details. */
export function toApiError(err: unknown, c: Context, log: Log): ApiError {
  if (err instanceof ApiError) return err
  if (err instanceof TemporalUnavailableError) {
    return temporalUnavailableError(' Try again when /readyz reports engine: up.')
  }
  if (err instanceof BusyError) {
    const message = 'Too many password checks are queued. Try again in a few seconds.'
    return new ApiError(429, 'too-many', message, undefined, { 'retry-after': '2' })
  }
  if (err instanceof PasswordRefusedError) {
    return refused('The password is not accepted.', [{ path: 'password', message: err.message }])
  }
  if (err instanceof HTTPException) {
    // Hono reports a body that is not JSON with 400. The contract has 422 for content that is refused.
    if (err.status === 400) return refused('The body cannot be parsed.')
    const message = err.message || 'The request was refused.'
    return new ApiError(err.status, err.status === 413 ? 'too-large' : 'bad-request', message)
  }
  // SQLSTATE class 22, data exception: for example a NUL character or half a surrogate pair.
  if (err instanceof StoreError && err.code?.startsWith('22'))
    return refused('The request has a text or number that cannot be stored.')
  log.error({ err, method: c.req.method, path: truncateText(c.req.path, MAX_PATH_CHARS) }, 'request failed')
  return new ApiError(500, 'internal', 'Internal error. The log of this server has the details.')
}
