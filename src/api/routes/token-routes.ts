import { randomBytes } from 'node:crypto'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Auth } from '../../auth/auth.ts'
import { API_TOKEN_PREFIX } from '../../auth/bearer-auth.ts'
import { TOKEN_ID_PREFIX } from '../../auth/principal.ts'
import { hashSecret, newSecret } from '../../auth/secrets/secret-hash.ts'
import { parseDuration } from '../../campaign/duration.ts'
import type { ApiToken } from '../../store/users/api-token-store.ts'
import { notFound } from '../api-error.ts'
import { apiToken, createdToken, newToken, tokenParam } from '../schemas/user-schemas.ts'
import {
  type ApiDeps,
  auditedChange,
  createRouter,
  cursor,
  errorResponses,
  jsonBody,
  jsonResponse,
  listRoute,
  notFoundResponse,
  security,
  toPage,
} from './route-helpers.ts'

const ID_BYTES = 6

/** `/api/tokens`: API tokens of scripts and command lines */
export function createTokenRoutes(
  deps: Pick<ApiDeps, 'db' | 'now' | 'storesIn'> & { auth: Pick<Auth, 'tokens'> },
): OpenAPIHono {
  const app = createRouter()
  const { tokens } = deps.auth

  app.openapi(
    createRoute({
      method: 'post',
      path: '/tokens',
      summary: 'Create an API token',
      description: 'Only this response has the token itself.',
      security,
      request: jsonBody(newToken),
      responses: { 201: jsonResponse(createdToken, 'The token.'), ...errorResponses },
    }),
    async (c) => {
      const { name, role, expires } = c.req.valid('json')
      const lifetimeMs = expires === undefined ? null : parseDuration(expires)
      const token = newSecret(API_TOKEN_PREFIX)
      const requested = {
        id: TOKEN_ID_PREFIX + randomBytes(ID_BYTES).toString('hex'),
        name,
        role,
        hash: hashSecret(token),
        createdBy: c.get('principal').actor,
        expiresAt: lifetimeMs === null ? null : deps.now() + lifetimeMs,
      }
      const created = await auditedChange(deps, c, async ({ apiTokens }) => {
        const details = { name, role, expires: expires ?? null }
        return {
          action: 'token.create',
          target: requested.id,
          details,
          result: await apiTokens.add(requested),
        }
      })
      return c.json({ ...tokenView(created), token }, 201)
    },
  )

  app.openapi(
    listRoute('/tokens', { summary: 'List API tokens', description: 'Newest first.' }, apiToken),
    async (c) => {
      const { cursor: from, limit } = c.req.valid('query')
      const { items, next } = await tokenPage(tokens, from, limit)
      return c.json({ items: items.map(tokenView), next }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/tokens/{id}',
      summary: 'Revoke an API token',
      security,
      request: { params: tokenParam, query: z.strictObject({}) },
      responses: { 204: { description: 'The token is revoked.' }, ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      await auditedChange(deps, c, async ({ apiTokens }) => {
        const removed = await apiTokens.remove(id)
        if (!removed) throw notFound(`token ${id}`)
        const details = { name: removed.name, role: removed.role }
        return { action: 'token.revoke', target: id, details, result: null }
      })
      return c.body(null, 204)
    },
  )
  return app
}

/** A page of tokens, newest first. */
export async function tokenPage(
  tokens: Auth['tokens'],
  from: string | undefined,
  limit: number,
): Promise<{ items: ApiToken[]; next: string | null }> {
  const at = cursor.readTimed(from)
  const after = at && { createdAt: at.time, id: at.key }
  return toPage(await tokens.list({ after, limit: limit + 1 }), limit, (t) => `${t.createdAt} ${t.id}`)
}

/** A token for API and console, without the token itself and its hash. */
export function tokenView(t: ApiToken) {
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  return {
    id: t.id,
    name: t.name,
    role: t.role,
    createdBy: t.createdBy,
    createdAt: new Date(t.createdAt).toISOString(),
    expiresAt: iso(t.expiresAt),
    lastUsedAt: iso(t.lastUsedAt),
  }
}
