import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { newSecret as randomSecret } from '../../auth/secrets/secret-hash.ts'
import {
  listOutbox,
  type OutboxItem,
  outboxBacklog,
  retryWebhooks,
  webhookState,
} from '../../store/webhooks/outbox.ts'
import type { WebhookEndpoint } from '../../store/webhooks/webhook-endpoints.ts'
import { webhookUrlProblem } from '../../webhooks/webhook-url.ts'
import { conflict, notFound, refused } from '../api-error.ts'
import { listOf } from '../schemas/common-schemas.ts'
import {
  createdWebhookEndpoint,
  endpointNameProblem,
  nameParam,
  newSecret,
  outboxFilters,
  outboxItem,
  outboxParams,
  webhookEndpoint,
  webhookEndpointBody,
} from '../schemas/event-schemas.ts'
import {
  type ApiDeps,
  auditedChange,
  conflictResponse,
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

/** Marks a secret that signs webhooks. */
const SECRET_PREFIX = 'whs_'
const retried = z.object({ retried: z.number() })

/** `/api/webhooks`: receivers of webhooks. `/api/outbox`: the webhooks that wait or have failed */
export function createWebhookRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  listEndpoints(router, deps)
  putEndpoint(router, deps)
  changeEndpointSecret(router, deps)
  deleteEndpoint(router, deps)
  retryEndpoint(router, deps)
  listWebhooks(router, deps)
  retryWebhook(router, deps)
  return router
}

/** `GET /webhooks`, `GET /webhooks/{name}` */
function listEndpoints(router: OpenAPIHono, { webhookEndpoints }: ApiDeps): void {
  router.openapi(
    listRoute('/webhooks', { summary: 'List receivers of webhooks' }, webhookEndpoint),
    async (c) => {
      const { cursor: from, limit } = c.req.valid('query')
      const found = await webhookEndpoints.list({ after: cursor.read(from), limit: limit + 1 })
      const { items, next } = toPage(found, limit, (e) => e.name)
      return c.json({ items: items.map(viewEndpoint), next }, 200)
    },
  )
  router.openapi(
    createRoute({
      method: 'get',
      path: '/webhooks/{name}',
      summary: 'Get a receiver of webhooks',
      security,
      request: { params: nameParam },
      responses: {
        200: jsonResponse(webhookEndpoint, 'The receiver.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const found = await webhookEndpoints.find(name)
      if (!found) throw noEndpoint(name)
      return c.json(viewEndpoint(found), 200)
    },
  )
}

/** `PUT /webhooks/{name}` */
function putEndpoint(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'put',
      path: '/webhooks/{name}',
      summary: 'Add a receiver of webhooks, or change its URL',
      description:
        'Steps of campaigns name the receiver. The secret is generated; it signs each request (`Nurture-Signature`).',
      security,
      request: { params: nameParam, ...jsonBody(webhookEndpointBody) },
      responses: {
        200: jsonResponse(webhookEndpoint, 'The changed receiver. It keeps its secret.'),
        201: jsonResponse(createdWebhookEndpoint, 'The new receiver, with its secret.'),
        ...errorResponses,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const { url } = c.req.valid('json')
      requireName(name)
      const problem = webhookUrlProblem(url, deps.webhookPrivate)
      if (problem) throw refused('Webhooks cannot be sent to this URL.', [{ path: 'url', message: problem }])
      const secret = randomSecret(SECRET_PREFIX)
      const { endpoint, isNew } = await auditedChange(deps, c, async (stores) => {
        const changed = await stores.webhookEndpoints.change(name, url)
        const endpoint = changed ?? (await stores.webhookEndpoints.add(name, url, secret))
        if (!endpoint) throw conflict(`Another call has just added ${name}. Repeat this one.`)
        const action = changed ? 'webhook.change' : 'webhook.add'
        // A path or a query may have a secret of the receiver.
        const details = { host: new URL(url).host }
        return { action, target: name, details, result: { endpoint, isNew: changed === null } }
      })
      deps.wakeWebhooks()
      const view = viewEndpoint(endpoint)
      return isNew ? c.json({ ...view, secret }, 201) : c.json(view, 200)
    },
  )
}

/** `POST /webhooks/{name}/secret` */
function changeEndpointSecret(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/webhooks/{name}/secret',
      summary: 'Change the secret of a receiver of webhooks',
      description:
        'For a day, each request has a signature by the new secret and one by the previous secret.',
      security,
      request: { params: nameParam },
      responses: {
        200: jsonResponse(newSecret, 'The new secret.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      const secret = randomSecret(SECRET_PREFIX)
      await auditedChange(deps, c, async ({ webhookEndpoints }) => {
        if (!(await webhookEndpoints.changeSecret(name, secret))) throw noEndpoint(name)
        return { action: 'webhook.secret', target: name, result: null }
      })
      return c.json({ name, secret }, 200)
    },
  )
}

/** `DELETE /webhooks/{name}` */
function deleteEndpoint(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/webhooks/{name}',
      summary: 'Remove a receiver of webhooks',
      description: 'Its webhooks wait for a receiver of the same name until they are a day old.',
      security,
      request: { params: nameParam, query: z.strictObject({}) },
      responses: { 204: { description: 'The receiver is removed.' }, ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      await auditedChange(deps, c, async ({ webhookEndpoints }) => {
        if (!(await webhookEndpoints.remove(name))) throw noEndpoint(name)
        return { action: 'webhook.remove', target: name, result: null }
      })
      return c.body(null, 204)
    },
  )
}

/** `POST /webhooks/{name}/retry` */
function retryEndpoint(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/webhooks/{name}/retry',
      summary: 'Send the failed webhooks of a receiver again',
      security,
      request: { params: nameParam },
      responses: {
        202: jsonResponse(retried, 'Their number. They have another day.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      if (!(await deps.webhookEndpoints.find(name))) throw noEndpoint(name)
      const n = await auditedChange(deps, c, async ({ tx }) => {
        const retried = await retryWebhooks(tx, { endpoint: name }, deps.now())
        return { action: 'webhook.retry', target: name, details: { retried }, result: retried }
      })
      deps.wakeWebhooks()
      return c.json({ retried: n }, 202)
    },
  )
}

/** `GET /outbox` */
function listWebhooks(router: OpenAPIHono, { db }: ApiDeps): void {
  const list = listOf(outboxItem).extend({
    waiting: z.number().openapi({ description: 'All webhooks that wait.' }),
    failed: z.number().openapi({ description: 'All webhooks that have failed.' }),
  })
  router.openapi(
    createRoute({
      method: 'get',
      path: '/outbox',
      summary: 'List webhooks',
      description: 'Newest first; by default those that wait or have failed.',
      security,
      request: { query: outboxFilters },
      responses: { 200: jsonResponse(list, 'One page of the list.'), ...errorResponses },
    }),
    async (c) => {
      const { cursor: from, limit, ...filter } = c.req.valid('query')
      const before = cursor.readNumber(from)
      const [found, { waiting, failed }] = await Promise.all([
        listOutbox(db, filter, { before, limit: limit + 1 }),
        outboxBacklog(db),
      ])
      const { items, next } = toPage(found, limit, (row) => String(row.id))
      return c.json({ items: items.map(viewWebhook), next, waiting, failed }, 200)
    },
  )
}

/** `POST /outbox/{id}/retry` */
function retryWebhook(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/outbox/{id}/retry',
      summary: 'Send a webhook again now',
      description: 'It gets another day of attempts.',
      security,
      request: { params: outboxParams },
      responses: {
        202: jsonResponse(retried, 'It is sent now.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const n = await auditedChange(deps, c, async ({ tx }) => {
        const retried = await retryWebhooks(tx, { id }, deps.now())
        if (retried === 0)
          throw (await webhookState(tx, id)) ? alreadyDelivered(id) : notFound(`webhook ${id}`)
        return { action: 'webhook.retry', target: String(id), result: retried }
      })
      deps.wakeWebhooks()
      return c.json({ retried: n }, 202)
    },
  )
}

function requireName(name: string): void {
  const message = endpointNameProblem(name)
  if (message) throw refused('The name is not accepted.', [{ path: 'name', message }])
}

const noEndpoint = (name: string) => notFound(`receiver of webhooks ${name}`)
const alreadyDelivered = (id: number) => conflict(`Webhook ${id} was delivered. Its content is not kept.`)
const iso = (at: number) => new Date(at).toISOString()

function viewEndpoint({ name, url, createdAt, updatedAt }: WebhookEndpoint) {
  return { name, url, createdAt: iso(createdAt), updatedAt: iso(updatedAt) }
}

function viewWebhook(row: OutboxItem) {
  const { id, endpoint, state, appId, openId, runKey, stepId, attempts, lastStatus, lastError } = row
  return {
    id,
    endpoint,
    state,
    appId,
    openId,
    runKey,
    step: stepId,
    attempts,
    lastStatus,
    lastError,
    createdAt: iso(row.createdAt),
    nextAttemptAt: state === 'waiting' ? iso(row.nextAttemptAt) : null,
    givesUpAt: iso(row.giveUpAt),
    endedAt: row.endedAt === null ? null : iso(row.endedAt),
  }
}
