import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { campaignJsonSchema } from '../campaign/json-schema.ts'
import { inboxBacklog } from '../store/inbox.ts'
import { createAccounts } from './accounts.ts'
import type { Auth } from './auth.ts'
import { createCampaigns } from './campaigns.ts'
import { createEngine } from './engine.ts'
import { ApiError, answerError, notFound } from './errors.ts'
import { createFollowers } from './followers.ts'
import { type ApiDeps, createPart, errors, json, security } from './kit.ts'
import { createMedia } from './media.ts'
import { createMenu } from './menu.ts'
import { createQrcodes } from './qrcodes.ts'
import { inboxState } from './schemas.ts'

const OPEN = new Set(['/api/openapi.json', '/api/campaign.schema.json'])

/** The operator API, `/metrics`, `/healthz` and `/readyz` (contract, sections 6 and 8). */
export function createApi(deps: ApiDeps & { auth: Auth; sdkMetrics?: () => Promise<string> }): OpenAPIHono {
  const { auth, log, db, now } = deps
  const app = new OpenAPIHono()
  app.onError((err, c) => answerError(err, c, log))

  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    const [store, engine] = await Promise.all([storeAnswers(), deps.link.isUp()])
    // Only when something is wrong: the body is what it always was otherwise.
    const foreign = store && engine && (await deps.home.look()).state === 'foreign'
    const body = { store: store ? 'up' : 'down', engine: engine ? 'up' : 'down' }
    return c.json(foreign ? { ...body, namespace: 'foreign' } : body, store ? 200 : 503)
  })

  const guard = async (path: string, authorization: string | undefined) => {
    if (OPEN.has(path) || auth.isBearer(authorization)) return
    throw new ApiError(401, 'unauthorised', 'Send the admin token: Authorization: Bearer ….')
  }
  app.use('/api/*', async (c, next) => {
    await guard(c.req.path, c.req.header('authorization'))
    await next()
  })
  app.get('/metrics', async (c) => {
    await guard('/metrics', c.req.header('authorization'))
    await refreshGauges()
    const ours = await deps.metrics.registry.metrics()
    const theirs = await (deps.sdkMetrics?.() ?? Promise.resolve('')).catch(() => '')
    return c.text(`${ours}\n${theirs}`)
  })

  const api = new OpenAPIHono()
  api.route('/', createAccounts(deps))
  api.route('/', createMenu(deps))
  api.route('/', createCampaigns(deps))
  api.route('/', createEngine(deps))
  api.route('/', createFollowers(deps))
  api.route('/', createMedia(deps))
  api.route('/', createQrcodes(deps))
  api.route('/', createInbox())
  api.get('/campaign.schema.json', (c) => c.json(campaignJsonSchema()))
  app.route('/api', api)
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  app.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'FollowerNurture operator API',
      version: '1',
      description: 'Times are ISO 8601 UTC; durations in fields named …Ms are milliseconds.',
    },
  })
  app.all('/api/*', (c) => {
    throw notFound(`call ${c.req.method} ${c.req.path}`)
  })
  return app

  function createInbox(): OpenAPIHono {
    const part = createPart()
    part.openapi(
      createRoute({
        method: 'get',
        path: '/inbox',
        summary: 'What waits to be dispatched, and what this process has taken',
        security,
        request: { query: z.strictObject({}) },
        responses: { 200: json(inboxState, 'The inbox'), ...errors },
      }),
      async (c) => {
        const { pending, oldestReceivedAt } = await inboxBacklog(db)
        const oldestAgeMs = oldestReceivedAt === null ? 0 : Math.max(0, now() - oldestReceivedAt)
        return c.json({ pending, oldestAgeMs, ...deps.counts }, 200)
      },
    )
    return part
  }

  async function storeAnswers(): Promise<boolean> {
    try {
      await db.execute('SELECT 1')
      return true
    } catch {
      return false
    }
  }

  async function refreshGauges(): Promise<void> {
    const [backlog, up] = await Promise.all([inboxBacklog(db).catch(() => null), deps.link.isUp()])
    deps.metrics.engineUp.set(up ? 1 : 0)
    const { state } = await deps.home.look()
    if (state !== 'unknown') deps.metrics.engineForeign.set(state === 'foreign' ? 1 : 0)
    if (!backlog) return
    deps.metrics.inboxPending.set(backlog.pending)
    const { oldestReceivedAt } = backlog
    deps.metrics.inboxOldest.set(oldestReceivedAt === null ? 0 : Math.max(0, now() - oldestReceivedAt) / 1000)
  }
}
