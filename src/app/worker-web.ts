import { type Context, Hono } from 'hono'
import { createHeaders } from '../access/headers.ts'
import { createBearerAccess } from '../access/index.ts'
import { answerError } from '../api/errors.ts'
import { createGuard } from '../api/guard.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Db } from '../store/db.ts'

/** Health and metrics of a worker process. */
export function createWorkerWeb(deps: {
  db: Db
  adminToken: string
  publicUrl?: string | undefined
  trustedProxies?: readonly string[]
  now: () => number
  log: Log
  isReady(): Promise<boolean>
  /** Why this build serves no runs, or null; absent where versioning is off. */
  versionTrouble?: (() => Promise<string | null>) | null
  metrics: Metrics
  refreshGauges(): Promise<void>
  sdkMetrics(): Promise<string>
}): Hono {
  const access = createBearerAccess(deps)
  const app = new Hono()
  app.onError((err, c: Context) => answerError(err, c, deps.log))
  app.use(createHeaders(access.client))
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    if (!(await deps.isReady())) return c.json({ engine: 'down' }, 503)
    const trouble = (await deps.versionTrouble?.()) ?? null
    return c.json({ engine: 'up', ...(trouble ? { version: trouble } : {}) }, trouble ? 503 : 200)
  })
  app.get('/metrics', createGuard(access), async (c) => {
    const [ready] = await Promise.all([deps.isReady(), deps.refreshGauges()])
    // Of a worker it says that it polls, too.
    deps.metrics.engineUp.set(ready ? 1 : 0)
    const theirs = await deps.sdkMetrics().catch(() => '')
    return c.text(`${await deps.metrics.registry.metrics()}\n${theirs}`)
  })
  return app
}
