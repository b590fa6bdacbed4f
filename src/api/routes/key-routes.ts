import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { keyRotation } from '../schemas/system-schemas.ts'
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
      summary: 'Re-encrypt the secrets of the store',
      description: 'Uses the current ENCRYPTION_KEY. Safe to repeat.',
      security,
      request: { query: z.strictObject({}) },
      responses: {
        200: jsonResponse(keyRotation, 'The result, and which previous keys are still needed.'),
        ...errorResponses,
      },
    }),
    async (c) => {
      const [target] = deps.sealer.keyIds
      const rotation = await auditedExternalChange(deps, c, { action: 'key.rotate', target }, async () => {
        const result = await deps.rotateKeys()
        return { result, details: { reencrypted: result.reencrypted, unreadable: result.unreadable } }
      })
      return c.json(rotation, 200)
    },
  )
  return app
}
