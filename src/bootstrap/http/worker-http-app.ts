import { type Context, Hono } from 'hono'
import { respondWithError } from '../../api/api-error.ts'
import { createBearerGuard } from '../../api/bearer-guard.ts'
import { createBearerAuth } from '../../auth/auth.ts'
import { createHeaders } from '../../auth/http/security-headers.ts'
import type { Log } from '../../shared/log.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Db } from '../../store/db.ts'

/** The app of a worker process: health and metrics. */
export function createWorkerHttpApp(deps: {
  db: Db
  adminToken: string
  publicUrl?: string | undefined
  trustedProxies?: readonly string[]
  now: () => number
  log: Log
  isReady(): Promise<boolean>
  /** Why this build serves no runs, or null. Absent when versioning is off. */
  versionProblem?: (() => Promise<string | null>) | null
  metrics: Metrics
  refreshGauges(): Promise<void>
  sdkMetrics(): Promise<string>
}): Hono {
  const auth = createBearerAuth(deps)
  const app = new Hono()
  app.onError((err, c: Context) => respondWithError(err, c, deps.log))
  app.use(createHeaders(auth.client))
  app.get('/healthz', (c) => c.json({ ok: true }))
  app.get('/readyz', async (c) => {
    if (!(await deps.isReady())) return c.json({ engine: 'down' }, 503)
    const problem = (await deps.versionProblem?.()) ?? null
    return c.json({ engine: 'up', ...(problem ? { version: problem } : {}) }, problem ? 503 : 200)
  })
  app.get('/metrics', createBearerGuard(auth), async (c) => {
    const [ready] = await Promise.all([deps.isReady(), deps.refreshGauges()])
    // For a worker, 1 also means that it polls.
    deps.metrics.temporalUp.set(ready ? 1 : 0)
    const temporalMetrics = await deps.sdkMetrics().catch(() => '')
    return c.text(`${await deps.metrics.registry.metrics()}\n${temporalMetrics}`)
  })
  return app
}
