import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { countActiveRuns } from '../../store/runs/run-rows.ts'
import { temporalUnavailableError } from '../api-error.ts'
import { temporalState } from '../schemas/system-schemas.ts'
import {
  type ApiDeps,
  auditedExternalChange,
  createRouter,
  errorResponses,
  jsonResponse,
  security,
  temporalUnavailable,
} from './route-helpers.ts'

/** `/api/temporal`: whether the Temporal namespace is the one of the runs in the store */
export function createTemporalRoutes(deps: ApiDeps): OpenAPIHono {
  const app = createRouter()
  const { db, namespaceGuard: home } = deps

  app.openapi(
    createRoute({
      method: 'get',
      path: '/temporal',
      summary: 'Get the state of the Temporal namespace',
      description: 'Whether it is the namespace of the runs in the store.',
      security,
      request: { query: z.strictObject({}) },
      responses: { 200: jsonResponse(temporalState, 'The state of the namespace.'), ...errorResponses },
    }),
    async (c) => c.json({ ...(await home.check(0)), activeRuns: await countActiveRuns(db) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/temporal/accept',
      summary: 'Accept the Temporal namespace',
      description: 'The active runs that the namespace lacks are started from the store.',
      security,
      request: { query: z.strictObject({}) },
      responses: {
        202: jsonResponse(temporalState, 'Accepted; missing runs are being started.'),
        ...errorResponses,
        ...temporalUnavailable,
      },
    }),
    async (c) => {
      const current = await home.check(0)
      if (current.namespaceId === null) throw temporalUnavailableError()
      const note = {
        action: 'temporal.accept',
        target: current.namespace,
        details: { from: current.expected, to: current.namespaceId },
      }
      const view = await auditedExternalChange(deps, c, note, async () => {
        const view = await home.acceptNamespace()
        if (!view) throw temporalUnavailableError()
        return { result: view, details: { to: view.namespaceId } }
      })
      return c.json({ ...view, activeRuns: await countActiveRuns(db) }, 202)
    },
  )
  return app
}
