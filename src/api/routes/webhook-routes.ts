import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { retryFailedWebhooks } from '../../store/webhooks/outbox.ts'
import type { WebhookEndpoint } from '../../store/webhooks/webhook-endpoints.ts'
import { webhookUrlProblem } from '../../webhooks/webhook-url.ts'
import { refused } from '../api-error.ts'
import {
  createdWebhookEndpoint,
  nameParam,
  retriedWebhooks,
  webhookEndpoint,
  webhookEndpointBody,
} from '../schemas/event-schemas.ts'
import { addNamedSecretRoutes, noItem } from './named-secrets.ts'
import {
  type ApiDeps,
  auditedExternalChange,
  createRouter,
  errorResponses,
  jsonResponse,
  notFoundResponse,
  security,
} from './route-helpers.ts'

const words = {
  one: 'a receiver of webhooks',
  many: 'receivers of webhooks',
  it: 'receiver',
  settings: 'URL',
}

/** `/api/webhooks`: receivers of webhooks */
export function createWebhookRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  addNamedSecretRoutes(router, deps, {
    path: '/webhooks',
    words,
    descriptions: {
      put: 'Steps of campaigns name the receiver. The secret is generated; it signs each request (`Nurture-Signature`).',
      secret: 'For a day, each request has a signature by the new secret and one by the previous secret.',
      remove: 'Its webhooks wait for a receiver of the same name until they are a day old.',
    },
    action: 'webhook',
    secretPrefix: 'whs_',
    schemas: { body: webhookEndpointBody, item: webhookEndpoint, created: createdWebhookEndpoint },
    read: deps.webhookEndpoints,
    storeIn: ({ webhookEndpoints }) => webhookEndpoints,
    settingsOf({ url }) {
      const problem = webhookUrlProblem(url, deps.webhookPrivate)
      if (problem) throw refused('Webhooks cannot be sent to this URL.', [{ path: 'url', message: problem }])
      return url
    },
    // A path or a query may have a secret of the receiver.
    detailsOf: (url) => ({ host: new URL(url).host }),
    view: viewEndpoint,
    onChange: deps.wakeWebhooks,
  })
  retryEndpoint(router, deps)
  return router
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
        202: jsonResponse(retriedWebhooks, 'Their number. They have another day.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { name } = c.req.valid('param')
      if (!(await deps.webhookEndpoints.find(name))) throw noItem({ words }, name)
      const note = { action: 'webhook.retry', target: name }
      const n = await auditedExternalChange(deps, c, note, async () => {
        const retried = await retryFailedWebhooks(deps.db, name, deps.now())
        return { result: retried, details: { retried } }
      })
      deps.wakeWebhooks()
      return c.json({ retried: n }, 202)
    },
  )
}

function viewEndpoint({ name, url, createdAt, updatedAt }: WebhookEndpoint) {
  const iso = (at: number) => new Date(at).toISOString()
  return { name, url, createdAt: iso(createdAt), updatedAt: iso(updatedAt) }
}
