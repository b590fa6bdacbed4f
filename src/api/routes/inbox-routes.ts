import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { inboxBacklog } from '../../store/inbox/inbox-rows.ts'
import { inboxState } from '../schemas/system-schemas.ts'
import { type ApiDeps, createRouter, errorResponses, jsonResponse, security } from './route-helpers.ts'

/** `/api/inbox` */
export function createInboxRoutes({ db, now, ...deps }: ApiDeps): OpenAPIHono {
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'get',
      path: '/inbox',
      summary: 'Get the state of the inbox',
      description: 'The events that wait in the store, and the callbacks of this process since its start.',
      security,
      request: { query: z.strictObject({}) },
      responses: { 200: jsonResponse(inboxState, 'The state of the inbox.'), ...errorResponses },
    }),
    async (c) => {
      const { pending, oldestReceivedAt } = await inboxBacklog(db)
      const oldestAgeMs = oldestReceivedAt === null ? 0 : Math.max(0, now() - oldestReceivedAt)
      return c.json({ pending, oldestAgeMs, ...deps.callbackCounts }, 200)
    },
  )
  return router
}
