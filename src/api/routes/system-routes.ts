import { readFileSync } from 'node:fs'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { inboxBacklog } from '../../store/inbox/inbox-rows.ts'
import { countActiveRuns } from '../../store/runs/run-rows.ts'
import { listJobs } from '../../store/settings/job-leases.ts'
import { outboxBacklog } from '../../store/webhooks/outbox.ts'
import { systemState } from '../schemas/system-view-schema.ts'
import { type ApiDeps, createRouter, errorResponses, jsonResponse, security } from './route-helpers.ts'

const startedAt = Date.now()
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const iso = (at: number) => new Date(at).toISOString()

/** `GET /api/system`: what an engineer looks at first */
export function createSystemRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  router.openapi(
    createRoute({
      method: 'get',
      path: '/system',
      summary: 'Get the state of the system',
      description:
        'Temporal, its task queues and workers, the inbox, the outbox, periodic jobs, clocks and keys. Counts of callbacks are those of this process since its start.',
      security,
      request: { query: z.strictObject({}) },
      responses: { 200: jsonResponse(systemState, 'The state.'), ...errorResponses },
    }),
    async (c) => c.json(await readSystem(deps), 200),
  )
  return router
}

export type SystemState = z.output<typeof systemState>

async function readSystem(deps: ApiDeps): Promise<SystemState> {
  const { db, now } = deps
  const [namespace, activeRuns, queues, inbox, outbox, jobs] = await Promise.all([
    deps.namespaceGuard.check(0),
    countActiveRuns(db),
    deps.queues(),
    inboxBacklog(db),
    outboxBacklog(db),
    listJobs(db),
  ])
  const age = (since: number | null) => (since === null ? 0 : Math.max(0, now() - since))
  const leased = (until: number | null) => (until !== null && until > now() ? iso(until) : null)
  const [current, ...previous] = deps.sealer.keyIds
  return {
    version,
    node: process.version,
    startedAt: iso(startedAt),
    temporal: { ...namespace, activeRuns },
    queues:
      queues?.map(({ workers, ...queue }) => ({
        ...queue,
        workers: workers.map(({ seenAt, ...worker }) => ({ ...worker, seenAt: iso(seenAt) })),
      })) ?? null,
    inbox: {
      pending: inbox.pending,
      oldestAgeMs: age(inbox.oldestReceivedAt),
      ...deps.callbackCounts,
    },
    outbox: { waiting: outbox.waiting, failed: outbox.failed, oldestAgeMs: age(outbox.oldestCreatedAt) },
    jobs: jobs.map(({ name, lastRunAt, leaseExpiresAt }) => ({
      name,
      lastRunAt: lastRunAt === null ? null : iso(lastRunAt),
      runningUntil: leased(leaseExpiresAt),
    })),
    clock: deps.skewMonitor.report(),
    keys: { current, previous },
  }
}
