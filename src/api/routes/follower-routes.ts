import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import { type FollowerKey, maskId } from '../../shared/ids.ts'
import { planOfRun } from '../../store/campaigns/plan-of-run.ts'
import type { Db } from '../../store/db.ts'
import { requestErasure } from '../../store/runs/erase-follower.ts'
import { readFollower, readFollowers, saveFollower } from '../../store/runs/follower-rows.ts'
import { readGoals } from '../../store/runs/goals.ts'
import { listLatestRuns } from '../../store/runs/latest-runs.ts'
import { type RunRow, runsByFollower } from '../../store/runs/run-rows.ts'
import { deliveries } from '../../store/schema.ts'
import type { SignalName } from '../../temporal/run-client.ts'
import { conflict, notFound, refused } from '../api-error.ts'
import { followerFilter, toRunFilter } from '../follower-filter.ts'
import { listOf, page, typedLine } from '../schemas/common-schemas.ts'
import { follower, followerItem, followerParams } from '../schemas/follower-schemas.ts'
import { viewRun } from '../views/follower-view.ts'
import {
  type ApiDeps,
  auditedChange,
  auditedExternalChange,
  conflictResponse,
  createRouter,
  cursor,
  errorResponses,
  jsonResponse,
  notFoundResponse,
  schemaIssues,
  security,
  toPage,
} from './route-helpers.ts'

const filters = page.extend(followerFilter.shape)
const accepted = z.object({ accepted: z.literal(true) })
export const cancelBody = z.strictObject({ reason: typedLine(500).optional() })
const emptyBody = z.strictObject({})

/** `/api/followers` */
export function createFollowerRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  listFollowers(router, deps)
  readFollowerRun(router, deps)
  signalRoutes(router, deps)
  endAgentSessionRoute(router, deps)
  eraseFollower(router, deps)
  return router
}

/** `GET /followers` */
function listFollowers(router: OpenAPIHono, deps: ApiDeps): void {
  const { db } = deps
  router.openapi(
    createRoute({
      method: 'get',
      path: '/followers',
      summary: 'List followers',
      description: 'The latest run of each follower, newest first.',
      security,
      request: { query: filters },
      responses: { 200: jsonResponse(listOf(followerItem), 'One page of the list.'), ...errorResponses },
    }),
    async (c) => {
      const { cursor: from, limit, ...filter } = c.req.valid('query')
      const after = readRunCursor(from)
      const found = await listLatestRuns(db, toRunFilter(filter, deps.now()), { after, limit: limit + 1 })
      const { items, next } = toPage(found, limit, runCursor)
      return c.json({ items: await viewItems(db, items), next }, 200)
    },
  )
}

/** `GET /followers/{appId}/{openId}` */
function readFollowerRun(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/followers/{appId}/{openId}',
      summary: 'Get a follower',
      description: 'The latest run of the follower, with its ledger, steps and forks.',
      security,
      request: { params: followerParams },
      responses: { 200: jsonResponse(follower, 'The run.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const found = await readRun(deps, c.req.valid('param'))
      if (!found) throw notFound('run of this follower')
      return c.json(found, 200)
    },
  )
}

/** `POST /followers/{appId}/{openId}/cancel`, `…/pause`, `…/resume` */
function signalRoutes(router: OpenAPIHono, deps: ApiDeps): void {
  for (const verb of ['cancel', 'pause', 'resume'] as const) {
    router.openapi(
      createRoute({
        method: 'post',
        path: `/followers/{appId}/{openId}/${verb}`,
        summary: `${verb.charAt(0).toUpperCase()}${verb.slice(1)} the run of a follower`,
        security,
        request: {
          params: followerParams,
          ...(verb === 'cancel' ? { body: { content: { 'application/json': { schema: cancelBody } } } } : {}),
        },
        responses: {
          202: jsonResponse(accepted, 'Accepted; in effect within 10 s.'),
          ...errorResponses,
          ...notFoundResponse,
          ...conflictResponse,
        },
      }),
      async (c) => {
        const followerKey = c.req.valid('param')
        const reason = parseReason(await c.req.text(), verb === 'cancel' ? cancelBody : emptyBody)
        await signalRun(deps, c, followerKey, verb, reason)
        return c.json({ accepted: true as const }, 202)
      },
    )
  }
}

/** `POST /followers/{appId}/{openId}/agent/end` */
function endAgentSessionRoute(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/followers/{appId}/{openId}/agent/end',
      summary: 'End the human agent session of a follower',
      description:
        'Marks the session as ended here; nothing changes at WeChat. The steps that it holds are released in order.',
      security,
      request: { params: followerParams },
      responses: {
        202: jsonResponse(accepted, 'Accepted; in effect within 10 s.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const followerKey = c.req.valid('param')
      await endAgentSession(deps, c, followerKey)
      return c.json({ accepted: true as const }, 202)
    },
  )
}

/** `POST /followers/{appId}/{openId}/erase` */
function eraseFollower(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/followers/{appId}/{openId}/erase',
      summary: 'Erase a follower',
      description: 'Ends the run and deletes all data of the follower, including histories in Temporal.',
      security,
      request: { params: followerParams },
      responses: {
        202: jsonResponse(accepted, 'Accepted; done as soon as Temporal is reachable.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const followerKey = c.req.valid('param')
      await auditedChange(deps, c, async ({ tx }) => {
        if (!(await requestErasure(tx, followerKey, deps.now()))) throw notFound('such follower')
        return { action: 'follower.erase', target: auditTarget(followerKey), result: null }
      })
      deps.dispatcher.wake()
      return c.json({ accepted: true as const }, 202)
    },
  )
}

/** Ends the session 1 ms after its opening, by WeChat's clock. So a newer session of WeChat counts at once. */
async function endAgentSession(deps: ApiDeps, c: Context, followerKey: FollowerKey): Promise<void> {
  const { db, now, runs } = deps
  const [followerRow, [run]] = await Promise.all([
    readFollower(db, followerKey),
    runsByFollower(db, followerKey, 1),
  ])
  if (!followerRow && !run) throw notFound('such follower')
  const open = run && run.status !== 'ended' ? run : null
  if (!followerRow?.agent && !open?.state.agentSession?.open)
    throw conflict('No human agent has a session with this follower.')
  const at = Math.max(followerRow?.agentAt ?? now(), open?.state.agentSession?.at ?? 0) + 1
  await auditedExternalChange(
    deps,
    c,
    { action: 'follower.agent-end', target: auditTarget(followerKey) },
    async () => {
      if (open) await runs.signal(followerKey, 'agentSession', { open: false, at, seq: 0 })
      await saveFollower(db, followerKey, { agent: false, agentAt: at, agentSeq: 0 }, now())
      return { result: null }
    },
  )
}

async function signalRun(
  deps: ApiDeps,
  c: Context,
  followerKey: FollowerKey,
  verb: 'cancel' | 'pause' | 'resume',
  reason: string | undefined,
): Promise<void> {
  const { db, now, runs } = deps
  const [[run], before] = await Promise.all([
    runsByFollower(db, followerKey, 1),
    verb === 'cancel' ? null : readFollower(db, followerKey),
  ])
  if (!run) throw notFound('run of this follower')
  if (run.status === 'ended') throw runEnded(run)
  const signal: SignalName = verb
  const note = {
    action: `follower.${verb}`,
    target: auditTarget(followerKey),
    ...(reason ? { details: { reason } } : {}),
  }
  const sendSignal = async () => {
    try {
      if ((await runs.signal(followerKey, signal, reason)) === 'not-open') throw runEnded(run)
      return { result: null }
    } catch (err) {
      if (verb !== 'cancel') await saveFollower(db, followerKey, { paused: before?.paused ?? false }, now())
      throw err
    }
  }
  // The store is changed first: the last check before a send reads it.
  await auditedExternalChange(deps, c, note, sendSignal, async ({ tx }) => {
    if (verb !== 'cancel') await saveFollower(tx, followerKey, { paused: verb === 'pause' }, now())
  })
}

/** A follower in the audit log. The openId is masked, because it is personal data. */
const auditTarget = ({ appId, openId }: FollowerKey) => `${appId}/${maskId(openId)}`

/** The latest run of a follower, with its deliveries, forks and goal; null if there is none. */
async function readRun({ db, campaigns }: Pick<ApiDeps, 'db' | 'campaigns'>, followerKey: FollowerKey) {
  const [run] = await runsByFollower(db, followerKey, 1)
  if (!run) return null
  const [rows, followerRow, plan, goals] = await Promise.all([
    db.select().from(deliveries).where(eq(deliveries.runKey, run.runKey)),
    readFollower(db, followerKey),
    run.state.forks?.length ? planOfRun(campaigns, run) : null,
    readGoals(db, [run.runKey]),
  ])
  return viewRun(run, rows, followerRow, plan ?? {}, goals.get(run.runKey) ?? null)
}

/** Runs for a list: the single view without ledger, steps and forks. */
async function viewItems(db: Db, rows: readonly RunRow[]) {
  const followerOf = await readFollowers(db, rows)
  return rows.map((run) => {
    const { ledger: _ledger, steps: _steps, forks: _forks, ...item } = viewRun(run, [], followerOf(run))
    return item
  })
}

/** Reads the optional body, whatever its content type. @throws ApiError 422 */
function parseReason(text: string, schema: typeof cancelBody | typeof emptyBody): string | undefined {
  if (!text.trim()) return undefined
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data.reason
  throw refused('The request has invalid fields.', schemaIssues(parsed.error))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function runEnded(run: RunRow) {
  return conflict(`The run has ended${run.outcome ? ` (${run.outcome})` : ''}.`)
}

/** The position of a run in lists, newest first. */
export const runCursor = (run: RunRow): string => `${run.createdAt} ${run.runKey}`

/** The position at which a list of runs continues; null: its beginning. @throws ApiError 422 */
export function readRunCursor(text: string | undefined): { createdAt: number; runKey: string } | null {
  const at = cursor.readTimed(text)
  return at && { createdAt: at.time, runKey: at.key }
}
