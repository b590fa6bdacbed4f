import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type ApiDeps, audit, createPart, errors, json, security } from './kit.ts'
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
      const done = await deps.rotateKeys()
      await audit(deps, c, 'key.rotate', done.keyId, { resealed: done.resealed, unreadable: done.unreadable })
      return c.json(done, 200)
    },
  )
  return app
}
