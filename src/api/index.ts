import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Access } from '../access/index.ts'
import { roleNeeded } from '../access/roles.ts'
import { campaignJsonSchema } from '../campaign/json-schema.ts'
import { isLarge } from '../intake/skew-watch.ts'
import { inboxBacklog } from '../store/inbox.ts'
import { createAccounts } from './accounts.ts'
import { createAudit } from './audit.ts'
import type { BodyBudget } from './body-budget.ts'
import { createCampaigns } from './campaigns.ts'
import { createEngine } from './engine.ts'
import { answerError, notFound } from './errors.ts'
import { createFollowers } from './followers.ts'
import { createGuard } from './guard.ts'
import { jsonOnce } from './json-once.ts'
import { createKeys } from './keys.ts'
import { type ApiDeps, createPart, errors, json, security } from './kit.ts'
import { lookSparingly } from './look-sparingly.ts'
import { createMedia } from './media.ts'
import { createMenu } from './menu.ts'
import { createQrcodes } from './qrcodes.ts'
import { apiBodies } from './request-body.ts'
import { inboxState } from './schemas.ts'
import { createTokens } from './tokens.ts'
import { createUsers } from './users.ts'
import { wholeTextsOnly } from './whole-texts.ts'

const ABOUT = {
  openapi: '3.1.0',
  info: {
    title: 'FollowerNurture operator API',
    version: '1',
    description:
      'Times are ISO 8601 UTC; durations in fields named …Ms are milliseconds. x-role is the least role that a call needs: viewer, operator, admin.',
  },
}
/** For everybody, to be read: whoever has no token sends nothing there. */
const OPEN = new Set(['GET /api/openapi.json', 'GET /api/campaign.schema.json'])

/** The operator API, `/metrics`, `/healthz` and `/readyz` (contract, sections 6 and 8). */
export function createApi(
  deps: ApiDeps & { access: Access; bodies: BodyBudget; sdkMetrics?: () => Promise<string> },
): OpenAPIHono {
  const { access, log, db, now } = deps
  const app = new OpenAPIHono()
  app.onError((err, c) => answerError(err, c, log))

  app.get('/healthz', (c) => c.json({ ok: true }))
  const lookAround = lookSparingly(async () => {
    const [store, engine] = await Promise.all([storeAnswers(), deps.link.isUp()])
    // Only when something is wrong: the body is what it always was otherwise.
    return { store, engine, foreign: store && engine && (await deps.home.look()).state === 'foreign' }
  })
  app.get('/readyz', async (c) => {
    const { store, engine, foreign } = await lookAround()
    const clock = deps.clock.report().filter(isLarge)
    const body = {
      store: store ? 'up' : 'down',
      engine: engine ? 'up' : 'down',
      ...(foreign ? { namespace: 'foreign' } : {}),
      ...(clock.length > 0 ? { clock } : {}),
    }
    return c.json(body, store ? 200 : 503)
  })

  const guard = createGuard(access)
  app.use('/api/*', (c, next) => (isOpen(c) ? next() : guard(c, next)))
  app.use('/api/*', ...apiBodies(deps.bodies), wholeTextsOnly)
  app.get('/metrics', guard, async (c) => {
    await deps.refreshGauges()
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
  api.route('/', createKeys(deps))
  api.route('/', createInbox())
  api.route('/', createUsers(deps))
  api.route('/', createTokens(deps))
  api.route('/', createAudit(deps))
  api.get('/campaign.schema.json', jsonOnce(campaignJsonSchema))
  app.route('/api', api)
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  app.get(
    '/api/openapi.json',
    jsonOnce(() => withRoles(app.getOpenAPI31Document(ABOUT))),
  )
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
}

function isOpen({ req }: Context): boolean {
  return OPEN.has(`${req.method === 'HEAD' ? 'GET' : req.method} ${req.path}`)
}

type Document = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** Writes beside each call which role it needs: the one that the guard asks for. */
function withRoles(document: Document): Document {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(item)) {
      if (typeof operation === 'object' && operation !== null)
        Object.assign(operation, { 'x-role': roleNeeded(method, path) })
    }
  }
  return document
}
