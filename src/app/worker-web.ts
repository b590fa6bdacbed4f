import { Hono } from 'hono'
import { createAuth } from '../api/auth.ts'
import type { Metrics } from '../metrics.ts'

/** Health and metrics of a worker process. */
export function createWorkerWeb(deps: {
  adminToken: string
  now: () => number
  isReady(): Promise<boolean>
  metrics: Metrics
  sdkMetrics(): Promise<string>
}): Hono {
  const auth = createAuth(deps.adminToken, deps.now)
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    const ready = await deps.isReady()
    return c.json({ engine: ready ? 'up' : 'down' }, ready ? 200 : 503)
  })
  app.get('/metrics', async (c) => {
    if (!auth.isBearer(c.req.header('authorization'))) {
      const message = 'Send the admin token: Authorization: Bearer ….'
      return c.json({ error: { code: 'unauthorised', message } }, 401)
    }
    const ready = await deps.isReady()
    deps.metrics.engineUp.set(ready ? 1 : 0)
    const theirs = await deps.sdkMetrics().catch(() => '')
    return c.text(`${await deps.metrics.registry.metrics()}\n${theirs}`)
  })
  return app
}
