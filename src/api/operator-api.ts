import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Auth } from '../auth/auth.ts'
import { requiredRole } from '../auth/roles.ts'
import { campaignJsonSchema } from '../campaign/json-schema.ts'
import { notFound, respondWithError } from './api-error.ts'
import { createBearerGuard } from './bearer-guard.ts'
import { apiBodyChecks } from './body/api-body-limits.ts'
import type { BodyBudget } from './body/body-budget.ts'
import { largeSkews } from './large-skews.ts'
import { rateLimitedCheck } from './rate-limited-check.ts'
import { createAccountRoutes } from './routes/account-routes.ts'
import { createAuditRoutes } from './routes/audit-routes.ts'
import { createBulkRoutes } from './routes/bulk-routes.ts'
import { createCampaignRoutes } from './routes/campaign-routes.ts'
import { createFollowerRequestRoutes } from './routes/follower-request-routes.ts'
import { createFollowerRoutes } from './routes/follower-routes.ts'
import { createHookRoutes } from './routes/hook-routes.ts'
import { createInboxRoutes } from './routes/inbox-routes.ts'
import { createKeyRoutes } from './routes/key-routes.ts'
import { createMediaRoutes } from './routes/media-routes.ts'
import { createMenuRoutes } from './routes/menu-routes.ts'
import { createOutboxRoutes } from './routes/outbox-routes.ts'
import { createQrcodeRoutes } from './routes/qrcode-routes.ts'
import type { ApiDeps } from './routes/route-helpers.ts'
import { createSystemRoutes } from './routes/system-routes.ts'
import { createTemporalRoutes } from './routes/temporal-routes.ts'
import { createTokenRoutes } from './routes/token-routes.ts'
import { createUserRoutes } from './routes/user-routes.ts'
import { createWebhookRoutes } from './routes/webhook-routes.ts'
import { staticJson } from './static-json.ts'

const OPENAPI_INFO = {
  openapi: '3.1.0',
  info: {
    title: 'FollowerNurture operator API',
    version: '1',
    description:
      'Times are ISO 8601 UTC. Durations in fields named …Ms are milliseconds. `x-role` is the lowest role that may make a call: viewer, operator or admin.',
  },
}
/** Documents that need no token. */
const PUBLIC_ROUTES = new Set(['GET /api/openapi.json', 'GET /api/campaign.schema.json'])

/** The operator API ([contract](../../docs/contract.md#6-operator-api)), `/metrics`, `/healthz` and `/readyz`. */
export function createOperatorApi(
  deps: ApiDeps & {
    auth: Auth
    bodyBudget: BodyBudget
    routes: OpenAPIHono
    sdkMetrics?: () => Promise<string>
  },
): OpenAPIHono {
  const { auth: access, log, routes } = deps
  const app = new OpenAPIHono()
  app.onError((err, c) => respondWithError(err, c, log))

  addHealthRoutes(app, deps)

  const guard = createBearerGuard(access)
  app.use('/api/*', (c, next) => (isPublic(c) ? next() : guard(c, next)))
  app.use('/api/*', ...apiBodyChecks(deps.bodyBudget))
  app.get('/metrics', guard, async (c) => {
    await deps.refreshGauges()
    const ownMetrics = await deps.metrics.registry.metrics()
    const sdkText = await (deps.sdkMetrics?.() ?? Promise.resolve('')).catch(() => '')
    return c.text(`${ownMetrics}\n${sdkText}`)
  })

  app.route('/api', routes)
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  app.get(
    '/api/openapi.json',
    staticJson(() => withRoles(app.getOpenAPI31Document(OPENAPI_INFO))),
  )
  app.all('/api/*', (c) => {
    throw notFound(`call ${c.req.method} ${c.req.path}`)
  })
  return app
}

/** The routes of the operator API, without `/api` and without a guard: of {@link createOperatorApi} and of the console. */
export function createApiRoutes(deps: ApiDeps & { auth: Auth }): OpenAPIHono {
  const api = new OpenAPIHono()
  api.route('/', createAccountRoutes(deps))
  api.route('/', createMenuRoutes(deps))
  api.route('/', createCampaignRoutes(deps))
  api.route('/', createTemporalRoutes(deps))
  api.route('/', createSystemRoutes(deps))
  api.route('/', createBulkRoutes(deps))
  api.route('/', createFollowerRoutes(deps))
  api.route('/', createFollowerRequestRoutes(deps))
  api.route('/', createWebhookRoutes(deps))
  api.route('/', createOutboxRoutes(deps))
  api.route('/', createHookRoutes(deps))
  api.route('/', createMediaRoutes(deps))
  api.route('/', createQrcodeRoutes(deps))
  api.route('/', createKeyRoutes(deps))
  api.route('/', createInboxRoutes(deps))
  api.route('/', createUserRoutes(deps))
  api.route('/', createTokenRoutes(deps))
  api.route('/', createAuditRoutes(deps))
  api.get('/campaign.schema.json', staticJson(campaignJsonSchema))
  return api
}

/** `/healthz` and `/readyz` */
function addHealthRoutes(app: OpenAPIHono, deps: ApiDeps): void {
  app.get('/healthz', (c) => c.json({ ok: true }))
  const checkReadiness = rateLimitedCheck(async () => {
    const [store, temporal] = await Promise.all([isStoreUp(deps), deps.temporal.isUp()])
    const isUnexpected = store && temporal && (await deps.namespaceGuard.check()).state === 'unexpected'
    return { store, temporal, isUnexpected }
  })
  app.get('/readyz', async (c) => {
    const { store, temporal, isUnexpected } = await checkReadiness()
    const clock = largeSkews(deps.skewMonitor)
    // `namespace` and `clock` are present only if something is wrong.
    const body = {
      store: store ? 'up' : 'down',
      engine: temporal ? 'up' : 'down',
      ...(isUnexpected ? { namespace: 'unexpected' } : {}),
      ...(clock.length > 0 ? { clock } : {}),
    }
    return c.json(body, store ? 200 : 503)
  })
}

async function isStoreUp({ db }: Pick<ApiDeps, 'db'>): Promise<boolean> {
  try {
    await db.execute('SELECT 1')
    return true
  } catch {
    return false
  }
}

function isPublic({ req }: Context): boolean {
  return PUBLIC_ROUTES.has(`${req.method === 'HEAD' ? 'GET' : req.method} ${req.path}`)
}

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** Adds the role that the guard requires to each call. */
function withRoles(document: Document): Document {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(item)) {
      if (typeof operation === 'object' && operation !== null)
        Object.assign(operation, { 'x-role': requiredRole(method, path) })
    }
  }
  return document
}
