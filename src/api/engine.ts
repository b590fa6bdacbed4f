import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { countActiveRuns } from '../store/runs.ts'
import { ApiError } from './errors.ts'
import { type ApiDeps, changeElsewhere, createPart, engineAway, errors, json, security } from './kit.ts'
import { engineState } from './schemas.ts'

/** `/api/engine`: whether Temporal's namespace is the one that the store's runs live in. */
export function createEngine(deps: ApiDeps): OpenAPIHono {
  const app = createPart()
  const { db, home } = deps

  app.openapi(
    createRoute({
      method: 'get',
      path: '/engine',
      summary: 'Whether the runs in the store live in this Temporal namespace',
      security,
      request: { query: z.strictObject({}) },
      responses: { 200: json(engineState, 'The engine'), ...errors },
    }),
    async (c) => c.json({ ...(await home.look(0)), activeRuns: await countActiveRuns(db) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/engine/accept',
      summary: 'This namespace is the right one: start what it lacks of the active runs, from the store',
      security,
      request: { query: z.strictObject({}) },
      responses: { 202: json(engineState, 'Under way'), ...errors, ...engineAway },
    }),
    async (c) => {
      const before = await home.look(0)
      const away = new ApiError(503, 'engine-away', 'Temporal does not answer. Nothing was changed.')
      if (before.namespaceId === null) throw away
      const note = {
        action: 'engine.accept',
        target: before.namespace,
        details: { from: before.expected, to: before.namespaceId },
      }
      const view = await changeElsewhere(deps, c, note, async () => {
        const view = await home.accept()
        if (!view) throw away
        return { result: view, details: { to: view.namespaceId } }
      })
      return c.json({ ...view, activeRuns: await countActiveRuns(db) }, 202)
    },
  )
  return app
}
