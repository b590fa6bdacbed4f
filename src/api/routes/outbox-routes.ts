import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  listOutbox,
  type OutboxItem,
  outboxBacklog,
  retryWebhook,
  webhookState,
} from '../../store/webhooks/outbox.ts'
import { conflict, notFound } from '../api-error.ts'
import { listOf } from '../schemas/common-schemas.ts'
import { outboxFilters, outboxItem, outboxParams, retriedWebhooks } from '../schemas/event-schemas.ts'
import {
  type ApiDeps,
  auditedChange,
  conflictResponse,
  createRouter,
  cursor,
  errorResponses,
  jsonResponse,
  notFoundResponse,
  security,
  toPage,
} from './route-helpers.ts'

/** `/api/outbox`: the webhooks that wait or have failed */
export function createOutboxRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  listWebhooks(router, deps)
  addRetry(router, deps)
  return router
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
function addRetry(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/outbox/{id}/retry',
      summary: 'Send a webhook again now',
      description: 'It gets another day of attempts.',
      security,
      request: { params: outboxParams },
      responses: {
        202: jsonResponse(retriedWebhooks, 'It is sent now.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      await auditedChange(deps, c, async ({ tx }) => {
        if (!(await retryWebhook(tx, id, deps.now())))
          throw (await webhookState(tx, id)) ? alreadyDelivered(id) : notFound(`webhook ${id}`)
        return { action: 'webhook.retry', target: String(id), result: null }
      })
      deps.wakeWebhooks()
      return c.json({ retried: 1 }, 202)
    },
  )
}

const alreadyDelivered = (id: number) => conflict(`Webhook ${id} was delivered. Its content is not kept.`)
const iso = (at: number) => new Date(at).toISOString()

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
