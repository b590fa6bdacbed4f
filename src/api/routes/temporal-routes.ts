import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { countActiveRuns } from '../../store/runs/run-rows.ts'
import { ApiError } from '../api-error.ts'
import { temporalState } from '../schemas/api-schemas.ts'
import {
  type ApiDeps,
  auditedExternalChange,
  createRouter,
  errorResponses,
  jsonResponse,
  security,
  temporalUnavailable,
} from './route-helpers.ts'

/** `/api/temporal`: whether Temporal's namespace is the one that the store's runs live in. */
export function createTemporalRoutes(deps: ApiDeps): OpenAPIHono {
  const app = createRouter()
  const { db, namespaceGuard: home } = deps

  app.openapi(
    createRoute({
      method: 'get',
      path: '/temporal',
      summary: 'Whether the runs in the store live in this Temporal namespace',
      security,
      request: { query: z.strictObject({}) },
      responses: { 200: jsonResponse(temporalState, 'State of the namespace'), ...errorResponses },
    }),
    async (c) => c.json({ ...(await home.check(0)), activeRuns: await countActiveRuns(db) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/temporal/accept',
      summary: 'This namespace is the right one: start what it lacks of the active runs, from the store',
      security,
      request: { query: z.strictObject({}) },
      responses: { 202: jsonResponse(temporalState, 'Under way'), ...errorResponses, ...temporalUnavailable },
    }),
    async (c) => {
      const current = await home.check(0)
      const unavailable = new ApiError(
        503,
        'temporal-unavailable',
        'Temporal does not answer. Nothing was changed.',
      )
      if (current.namespaceId === null) throw unavailable
      const note = {
        action: 'temporal.accept',
        target: current.namespace,
        details: { from: current.expected, to: current.namespaceId },
      }
      const view = await auditedExternalChange(deps, c, note, async () => {
        const view = await home.acceptNamespace()
        if (!view) throw unavailable
        return { result: view, details: { to: view.namespaceId } }
      })
      return c.json({ ...view, activeRuns: await countActiveRuns(db) }, 202)
    },
  )
  return app
}
