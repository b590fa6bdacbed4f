import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { keyRotation } from '../schemas/api-schemas.ts'
import {
  type ApiDeps,
  auditedExternalChange,
  createRouter,
  errorResponses,
  jsonResponse,
  security,
} from './route-helpers.ts'

/** `/api/keys` */
export function createKeyRoutes(deps: ApiDeps): OpenAPIHono {
  const app = createRouter()
  app.openapi(
    createRoute({
      method: 'post',
      path: '/keys/rotate',
      summary: 'Seal every secret of the store under ENCRYPTION_KEY; may be repeated',
      security,
      request: { query: z.strictObject({}) },
      responses: { 200: jsonResponse(keyRotation, 'What was done'), ...errorResponses },
    }),
    async (c) => {
      const [target] = deps.sealer.keyIds
      const done = await auditedExternalChange(deps, c, { action: 'key.rotate', target }, async () => {
        const result = await deps.rotateKeys()
        return { result, details: { resealed: result.resealed, unreadable: result.unreadable } }
      })
      return c.json(done, 200)
    },
  )
  return app
}
