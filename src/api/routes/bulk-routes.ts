import { createHash, randomBytes } from 'node:crypto'
import { createRoute, type OpenAPIHono, type z } from '@hono/zod-openapi'
import type { SQL } from 'drizzle-orm'
import type { Context } from 'hono'
import { maskId } from '../../shared/ids.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import {
  type BulkJob,
  createBulkJob,
  listBulkJobs,
  readBulkJob,
  stopBulkJob,
} from '../../store/bulk/bulk-jobs.ts'
import { chosenRuns, countSelected, fittingRuns } from '../../store/bulk/selected-runs.ts'
import { notFound, refused } from '../api-error.ts'
import { toRunFilter } from '../follower-filter.ts'
import { bulkBody, bulkCount, bulkJob, bulkJobParams } from '../schemas/bulk-schemas.ts'
import { idempotencyHeaders } from '../schemas/event-schemas.ts'
import { bulkJobView } from '../views/bulk-job-view.ts'
import {
  type ApiDeps,
  auditedChange,
  createRouter,
  cursor,
  errorResponses,
  jsonBody,
  jsonResponse,
  listRoute,
  notFoundResponse,
  security,
  toPage,
} from './route-helpers.ts'

/** The most runs of one job. */
const MOST_RUNS = 100_000
/** The windows that close soon are counted, because a pause may make their followers miss messages. */
const SOON_MS = DAY_MS

type BulkBody = z.output<typeof bulkBody>

/** `/api/followers/bulk` and `/api/bulk-jobs` */
export function createBulkRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  startBulkJob(router, deps)
  listJobs(router, deps)
  readJob(router, deps)
  stopJob(router, deps)
  return router
}

/** `POST /followers/bulk` */
function startBulkJob(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/followers/bulk',
      summary: 'Cancel, pause or resume many runs',
      description: `Starts a job, which changes the runs that fit now: a pause those that are active, a resume those that are paused. At most ${MOST_RUNS} runs. \`dryRun\` only counts them.`,
      security,
      request: { headers: idempotencyHeaders, ...jsonBody(bulkBody) },
      responses: {
        200: jsonResponse(bulkCount, 'With `dryRun`: the count.'),
        202: jsonResponse(bulkJob, 'The job. A repeated `Idempotency-Key` gives the same job.'),
        ...errorResponses,
      },
    }),
    async (c) => {
      const body = c.req.valid('json')
      const selected = selectionOf(body, deps.now())
      const { action } = body
      const count = await countSelected(deps.db, selected, deps.now() + SOON_MS)
      if (body.dryRun) return c.json({ action, ...count }, 200)
      if (count.count > MOST_RUNS) {
        const message = `selects ${count.count} runs, of which one job takes at most ${MOST_RUNS}: add a filter`
        throw refused('There are too many followers.', [{ path: 'filter', message }])
      }
      const job = await storeJob(deps, c, body, selected)
      deps.wakeBulkJobs()
      return c.json(bulkJobView(job), 202)
    },
  )
}

/** The runs that a request is about. */
function selectionOf({ action, filter, followers }: BulkBody, now: number): SQL {
  const status = { pause: 'active', resume: 'paused', cancel: null }[action] as 'active' | 'paused' | null
  return followers ? chosenRuns(followers, status) : fittingRuns(toRunFilter(filter ?? {}, now), status)
}

function storeJob(deps: ApiDeps, c: Context, body: BulkBody, selected: SQL): Promise<BulkJob> {
  const { action, reason = null } = body
  const { actor } = c.get('principal')
  const key = c.req.header('idempotency-key')
  const selection = describeSelection(body)
  const wanted = {
    id: key === undefined ? randomBytes(16).toString('base64url') : digestOf(`${actor} ${key}`).slice(0, 22),
    action,
    selection,
    reason: action === 'cancel' ? reason : null,
    // The selection for people does not tell which followers were named.
    requestHash:
      key === undefined ? null : digestOf(JSON.stringify([key, action, reason, body.filter, body.followers])),
    createdBy: actor,
    createdAt: deps.now(),
  }
  return auditedChange(deps, c, async ({ tx }) => {
    const { job, isNew } = await createBulkJob(tx, wanted, selected, MOST_RUNS)
    if (!isNew && !isSameRequest(job, wanted)) {
      const message = 'was used for another request: use a new key for a new request'
      throw refused('This key belongs to another request.', [{ path: 'idempotency-key', message }])
    }
    if (!isNew) return { action: null, result: job }
    const details = { selection, total: job.total, ...(job.reason ? { reason: job.reason } : {}) }
    return { action: `follower.bulk-${action}`, target: job.id, details, result: job }
  })
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url')

/** Jobs of older versions have no digest. */
const isSameRequest = (job: BulkJob, wanted: Pick<BulkJob, 'action' | 'selection' | 'requestHash'>) =>
  job.action === wanted.action &&
  (job.requestHash === null || job.requestHash === wanted.requestHash) &&
  JSON.stringify(Object.entries(job.selection).sort()) ===
    JSON.stringify(Object.entries(wanted.selection).sort())

/** The selection for people. The openId is masked, because it is personal data. */
function describeSelection({ filter, followers }: BulkBody): BulkJob['selection'] {
  if (followers) return { chosen: followers.length }
  const { openId, ...others } = filter ?? {}
  const named = Object.entries(others).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(named),
    ...(openId ? { openId: maskId(openId) } : {}),
  } as BulkJob['selection']
}

/** `GET /bulk-jobs` */
function listJobs(router: OpenAPIHono, deps: ApiDeps): void {
  const about = { summary: 'List bulk jobs', description: 'Newest first.' }
  router.openapi(listRoute('/bulk-jobs', about, bulkJob), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const at = cursor.readTimed(from)
    const after = at && { createdAt: at.time, id: at.key }
    const found = await listBulkJobs(deps.db, { after, limit: limit + 1 })
    const { items, next } = toPage(found, limit, (job) => `${job.createdAt} ${job.id}`)
    return c.json({ items: items.map(bulkJobView), next }, 200)
  })
}

/** `GET /bulk-jobs/{id}` */
function readJob(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/bulk-jobs/{id}',
      summary: 'Get a bulk job',
      security,
      request: { params: bulkJobParams },
      responses: { 200: jsonResponse(bulkJob, 'The job.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const found = await readBulkJob(deps.db, c.req.valid('param').id)
      if (!found) throw notFound('such bulk job')
      return c.json(bulkJobView(found), 200)
    },
  )
}

/** `POST /bulk-jobs/{id}/stop` */
function stopJob(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/bulk-jobs/{id}/stop',
      summary: 'Stop a bulk job',
      description: 'The runs that it has not changed stay as they are. A job that is over stays so.',
      security,
      request: { params: bulkJobParams },
      responses: { 200: jsonResponse(bulkJob, 'The job.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const job = await auditedChange(deps, c, async ({ tx }) => {
        const stopped = await stopBulkJob(tx, id, deps.now())
        if (!stopped) throw notFound('such bulk job')
        const { state, total, done } = stopped
        return { action: 'bulk-job.stop', target: id, details: { state, total, done }, result: stopped }
      })
      return c.json(bulkJobView(job), 200)
    },
  )
}
