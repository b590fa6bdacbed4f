import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiDeps, changeElsewhere, createPart, errors, json, security } from './kit.ts'
import { keyRotation } from './schemas.ts'

/** `/api/keys` */
export function createKeys(deps: ApiDeps): OpenAPIHono {
  const app = createPart()
  app.openapi(
    createRoute({
      method: 'post',
      path: '/keys/rotate',
      summary: 'Seal every secret of the store under ENCRYPTION_KEY; may be repeated',
      security,
      request: { query: z.strictObject({}) },
      responses: { 200: json(keyRotation, 'What was done'), ...errors },
    }),
    async (c) => {
      const [target] = deps.sealer.keyIds
      const done = await changeElsewhere(deps, c, { action: 'key.rotate', target }, async () => {
        const result = await deps.rotateKeys()
        return { result, details: { resealed: result.resealed, unreadable: result.unreadable } }
      })
      return c.json(done, 200)
    },
  )
  return app
}
