import type { OpenAPIHono } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import type { Auth } from '../auth/auth.ts'
import type { Principal } from '../auth/principal.ts'
import { requiredRole } from '../auth/roles.ts'
import { ApiError, type ApiIssue, notFound, respondWithError } from './api-error.ts'
import { checkRole } from './bearer-guard.ts'
import { apiBodyChecks } from './body/api-body-limits.ts'
import type { BodyBudget } from './body/body-budget.ts'
import type { OwnCallBindings } from './body/bounded-body.ts'
import type { ApiDeps } from './routes/route-helpers.ts'

/** The path of the operator API for scripts of the console's pages. */
export const SESSION_API_PATH = '/console/api'
/**
 * A script of the console sends this header with each call. A page of another site cannot: the browser would ask this server
 * first, which allows it to nobody.
 */
export const SCRIPT_HEADER = 'x-nurture-console'

/** A value that a header can carry (https://www.rfc-editor.org/rfc/rfc9110#name-field-values). */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/

type SessionEnv = { Bindings: { principal: Principal } & OwnCallBindings & Record<string, unknown> }

export interface ApiAnswer {
  status: number
  headers: Headers
  /** The parsed JSON of the response; null: it has none. */
  body: unknown
  /** Null: the call has succeeded. */
  error: { code: string; message: string; issues?: ApiIssue[]; [more: string]: unknown } | null
}

export interface SessionApi {
  /**
   * Makes a call of the operator API as the user of a request: with the user's role, and in the audit log with the user's
   * name. A refused call is an answer with `error`, not an exception.
   * @param path with the query, like `/api/followers?limit=10`
   */
  call(
    c: Context,
    method: string,
    path: string,
    content?: {
      json?: unknown
      body?: RequestInit['body']
      headers?: Record<string, string>
      /** Ends the call, of those that can be ended. */
      signal?: AbortSignal
    },
  ): Promise<ApiAnswer>
  /** Gets a file of the operator API as the user of a request: the response with the file, or the answer of a refused call. */
  file(c: Context, path: string): Promise<Response | ApiAnswer>
  /** Answers a request of a script to {@link SESSION_API_PATH}. `principal` is set. */
  answer(c: Context): Response | Promise<Response>
}

/** The operator API for signed-in users of the console: the same routes, limits and roles as with a bearer token. */
export function createSessionApi(
  deps: Pick<ApiDeps, 'log'> & { auth: Auth; bodyBudget: BodyBudget; routes: OpenAPIHono },
): SessionApi {
  const { auth: access, log } = deps
  const app = new Hono<SessionEnv>({ getPath: apiPath })
  app.onError((err, c) => respondWithError(err, c, log))
  app.use('/api/*', async (c, next) => {
    const { principal } = c.env
    const needed = requiredRole(c.req.method, c.req.path)
    checkRole(access, c, { principal, needed, where: 'console' })
    c.set('principal', principal)
    return next()
  })
  app.use('/api/*', ...apiBodyChecks(deps.bodyBudget))
  app.route('/api', deps.routes)
  app.all('*', (c) => {
    throw notFound(`call ${c.req.method} ${c.req.path}`)
  })
  const fetchAs = async (c: Context, request: Request, bindings: OwnCallBindings = {}) =>
    app.fetch(request, { ...c.env, ...bindings, principal: c.get('principal') })
  const request = async (c: Context, path: string, init: RequestInit) => {
    const url = new URL(path, 'http://console.internal')
    // The id `..`, however it is written, would name another call.
    if (url.pathname !== path.split('?', 1)[0])
      return respondWithError(notFound(`call ${init.method ?? 'GET'} ${path}`), c, log)
    return fetchAs(c, new Request(url, init), { isFromForm: true })
  }
  return {
    async call(c, method, path, { json, body, headers = {}, signal } = {}) {
      // The fields of a form go into headers. Their texts are those of the page, but for a form that somebody else has written.
      if (!Object.values(headers).every((value) => SENDABLE.test(value)))
        throw new ApiError(400, 'bad-request', 'The form cannot be read.')
      const init: RequestInit = { method, headers, ...(signal ? { signal } : {}) }
      if (json !== undefined) {
        init.body = JSON.stringify(json)
        init.headers = { 'content-type': 'application/json', ...headers }
      } else if (body !== undefined) init.body = body
      return readAnswer(await request(c, path, init))
    },
    async file(c, path) {
      const response = await request(c, path, {})
      return response.ok ? response : readAnswer(response)
    },
    answer(c) {
      if (c.req.header(SCRIPT_HEADER) === undefined) {
        const message = `Calls of the console's scripts need the header ${SCRIPT_HEADER}. Programs use /api with a token.`
        return respondWithError(new ApiError(403, 'forbidden', message), c, log)
      }
      return fetchAs(c, c.req.raw)
    },
  }
}

/** `/console/api/…` as `/api/…`, so that limits and roles of a route are the same. */
function apiPath(request: Request): string {
  const { pathname } = new URL(request.url)
  return pathname.startsWith(`${SESSION_API_PATH}/`) ? pathname.slice('/console'.length) : pathname
}

async function readAnswer(response: Response): Promise<ApiAnswer> {
  const { status, headers } = response
  const isJson = headers.get('content-type')?.startsWith('application/json') ?? false
  const body: unknown = isJson ? await response.json() : null
  const error = status >= 400 ? ((body as { error?: ApiAnswer['error'] } | null)?.error ?? null) : null
  const unexplained = { code: 'internal', message: `The call was answered with ${status}.` }
  return { status, headers, body, error: status >= 400 ? (error ?? unexplained) : null }
}
