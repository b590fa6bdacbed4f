import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { eq, inArray } from 'drizzle-orm'
import type { Context } from 'hono'
import type { RunSignal } from '../engine/runs.ts'
import { maskId } from '../ids.ts'
import type { Db } from '../store/db.ts'
import { readFollower, saveFollower } from '../store/followers.ts'
import { requestForget } from '../store/forget.ts'
import { listLatestRuns } from '../store/run-list.ts'
import { type RunRow, runsOf, type Whose } from '../store/runs.ts'
import { deliveries, followers } from '../store/schema.ts'
import { conflict, notFound, refused } from './errors.ts'
import { viewRun } from './follower-view.ts'
import {
  type ApiDeps,
  change,
  changeElsewhere,
  createPart,
  cursor,
  errors,
  issuesOf,
  json,
  missing,
  pageOf,
  security,
  wrongState,
} from './kit.ts'
import { follower, followerItem, followerParams, listOf, page } from './schemas.ts'

const filters = page.extend({
  appId: z.string().optional(),
  status: z.enum(['active', 'paused', 'ended']).optional(),
  outcome: z.string().optional(),
  campaign: z.string().optional(),
})
const accepted = z.object({ accepted: z.literal(true) })
const cancelBody = z.strictObject({ reason: z.string().max(500).optional() })
const noFields = z.strictObject({})

/** `/api/followers` */
export function createFollowers(deps: ApiDeps): OpenAPIHono {
  const app = createPart()
  const { db, now, runs } = deps

  app.openapi(
    createRoute({
      method: 'get',
      path: '/followers',
      summary: "Each follower's latest run",
      security,
      request: { query: filters },
      responses: { 200: json(listOf(followerItem), 'Followers'), ...errors },
    }),
    async (c) => {
      const { cursor: from, limit, ...filter } = c.req.valid('query')
      const found = await listLatestRuns(db, filter, { after: readRunCursor(from), limit: limit + 1 })
      const { items, next } = pageOf(found, limit, runCursor)
      return c.json({ items: await viewItems(db, items), next }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/followers/{appId}/{openId}',
      summary: "One follower's latest run, with ledger and steps",
      security,
      request: { params: followerParams },
      responses: { 200: json(follower, 'The run'), ...errors, ...missing },
    }),
    async (c) => {
      const found = await readRun(db, c.req.valid('param'))
      if (!found) throw notFound('run of this follower')
      return c.json(found, 200)
    },
  )

  for (const verb of ['cancel', 'pause', 'resume'] as const) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/followers/{appId}/{openId}/${verb}`,
        summary: `${verb} the follower's run`,
        security,
        request: {
          params: followerParams,
          ...(verb === 'cancel' ? { body: { content: { 'application/json': { schema: cancelBody } } } } : {}),
        },
        responses: { 202: json(accepted, 'In effect within 10 s'), ...errors, ...missing, ...wrongState },
      }),
      async (c) => {
        const whose = c.req.valid('param')
        const reason = readReason(await c.req.text(), verb === 'cancel' ? cancelBody : noFields)
        await act(c, whose, verb, reason)
        return c.json({ accepted: true as const }, 202)
      },
    )
  }
  app.openapi(
    createRoute({
      method: 'post',
      path: '/followers/{appId}/{openId}/agent/end',
      summary: 'End the session of a human agent for us: the steps that it holds are released in order',
      security,
      request: { params: followerParams },
      responses: { 202: json(accepted, 'In effect within 10 s'), ...errors, ...missing, ...wrongState },
    }),
    async (c) => {
      const whose = c.req.valid('param')
      await endAgent(c, whose)
      return c.json({ accepted: true as const }, 202)
    },
  )
  app.openapi(
    createRoute({
      method: 'post',
      path: '/followers/{appId}/{openId}/forget',
      summary: 'End the run and delete all that is known of this person, histories in Temporal included',
      security,
      request: { params: followerParams },
      responses: { 202: json(accepted, 'Kept, and done as soon as Temporal answers'), ...errors, ...missing },
    }),
    async (c) => {
      const whose = c.req.valid('param')
      await change(deps, c, async ({ tx }) => {
        if (!(await requestForget(tx, whose, now()))) throw notFound('such person')
        return { action: 'follower.forget', target: targetOf(whose), result: null }
      })
      deps.dispatcher.nudge()
      return c.json({ accepted: true as const }, 202)
    },
  )
  return app

  /** Just after the word that opened it, by WeChat's clock and not by ours: a newer session counts at once. */
  async function endAgent(c: Context, whose: Whose): Promise<void> {
    const [known, [run]] = await Promise.all([readFollower(db, whose), runsOf(db, whose, 1)])
    if (!known && !run) throw notFound('such follower')
    const open = run && run.status !== 'ended' ? run : null
    if (!known?.agent && !open?.state.agent)
      throw conflict('No human agent has a session with this follower.')
    const at = Math.max(known?.agentAt ?? now(), open?.state.agentMark?.at ?? 0) + 1
    await changeElsewhere(deps, c, { action: 'follower.agent-end', target: targetOf(whose) }, async () => {
      if (open) await runs.signal(whose, 'agent', { open: false, at, seq: 0 })
      await saveFollower(db, whose, { agent: false, agentAt: at, agentSeq: 0 }, now())
      return { result: null }
    })
  }

  async function act(
    c: Context,
    whose: Whose,
    verb: 'cancel' | 'pause' | 'resume',
    reason: string | undefined,
  ): Promise<void> {
    const [run] = await runsOf(db, whose, 1)
    if (!run) throw notFound('run of this follower')
    if (run.status === 'ended') throw ended(run)
    const signal: RunSignal = verb
    const note = {
      action: `follower.${verb}`,
      target: targetOf(whose),
      ...(reason ? { details: { reason } } : {}),
    }
    const tell = async () => {
      const answer = await runs.signal(whose, signal, reason).catch(async (err) => {
        if (verb !== 'cancel') await saveFollower(db, whose, { paused: run.status === 'paused' }, now())
        throw err
      })
      if (answer === 'gone') throw ended(run)
      return { result: null }
    }
    // The store first: the send's last look sees it at once.
    await changeElsewhere(deps, c, note, tell, async ({ tx }) => {
      if (verb !== 'cancel') await saveFollower(tx, whose, { paused: verb === 'pause' }, now())
    })
  }
}

/** A follower in the audit log: an openId is personal data. */
const targetOf = ({ appId, openId }: Whose) => `${appId}/${maskId(openId)}`

/** The latest run with everything that is known of it; null if none was ever. */
export async function readRun(db: Db, whose: Whose) {
  const [run] = await runsOf(db, whose, 1)
  if (!run) return null
  const [rows, known] = await Promise.all([
    db.select().from(deliveries).where(eq(deliveries.runKey, run.runKey)),
    readFollower(db, whose),
  ])
  return viewRun(run, rows, known)
}

/** Runs as a list shows them: what the single view says, without ledger and steps. */
export async function viewItems(db: Db, rows: readonly RunRow[]) {
  const openIds = rows.map((r) => r.openId)
  const known =
    openIds.length === 0 ? [] : await db.select().from(followers).where(inArray(followers.openId, openIds))
  return rows.map((run) => {
    const row = known.find((f) => f.appId === run.appId && f.openId === run.openId)
    const { ledger: _ledger, steps: _steps, ...item } = viewRun(run, [], row ?? null)
    return item
  })
}

/** The body is optional, and read whatever type it is sent as. @throws ApiError 422 */
function readReason(text: string, schema: typeof cancelBody | typeof noFields): string | undefined {
  if (!text.trim()) return undefined
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data.reason
  throw refused('The body has fields that cannot be taken.', issuesOf(parsed.error))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function ended(run: RunRow) {
  return conflict(`The run has ended${run.outcome ? ` (${run.outcome})` : ''}.`)
}

/** The key of a run in lists, newest first. */
export const runCursor = (run: RunRow): string => `${run.createdAt} ${run.runKey}`

/** Where a list of runs goes on; null: at its beginning. @throws ApiError 422 */
export function readRunCursor(text: string | undefined): { createdAt: number; runKey: string } | null {
  const at = cursor.readTimed(text)
  return at && { createdAt: at.time, runKey: at.key }
}
