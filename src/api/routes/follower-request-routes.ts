import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type FollowerKey, maskId } from '../../shared/ids.ts'
import { readFollower } from '../../store/runs/follower-rows.ts'
import { saveTagChanges } from '../../store/runs/follower-tags.ts'
import { changeTags } from '../../tagging/change-tags.ts'
import { notFound } from '../api-error.ts'
import { type RequestResult, reportTags, requestEnter, requestFacts } from '../follower-requests.ts'
import { enterBody, facts, idempotencyHeaders, tagsBody } from '../schemas/event-schemas.ts'
import { followerParams } from '../schemas/follower-schemas.ts'
import { wechatError } from '../wechat-request.ts'
import {
  type ApiDeps,
  auditedChange,
  auditedExternalChange,
  conflictResponse,
  createRouter,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
  wechatUnavailable,
} from './route-helpers.ts'

const accepted = z.object({
  accepted: z.literal(true),
  duplicate: z
    .boolean()
    .openapi({ description: 'The same request was accepted before. It is not applied again.' }),
})
const factsAnswer = z.object({ facts })

/** `/api/followers/{appId}/{openId}/facts`, `…/enter`, `…/tags` */
export function createFollowerRequestRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  readFacts(router, deps)
  setFacts(router, deps)
  enter(router, deps)
  changeFollowerTags(router, deps)
  return router
}

/** `GET /followers/{appId}/{openId}/facts` */
function readFacts(router: OpenAPIHono, { db }: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/followers/{appId}/{openId}/facts',
      summary: 'Get the facts of a follower',
      security,
      request: { params: followerParams },
      responses: { 200: jsonResponse(factsAnswer, 'The facts.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const row = await readFollower(db, c.req.valid('param'))
      if (!row) throw notFound('such follower')
      return c.json({ facts: row.own }, 200)
    },
  )
}

/** `PATCH /followers/{appId}/{openId}/facts` */
function setFacts(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'patch',
      path: '/followers/{appId}/{openId}/facts',
      summary: 'Set facts of a follower',
      description: 'Facts that are absent stay unchanged. A run that depends on one of them is told.',
      security,
      request: { params: followerParams, headers: idempotencyHeaders, ...jsonBody(facts) },
      responses: {
        202: jsonResponse(accepted, 'Accepted; in effect after the earlier events of the follower.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const follower = c.req.valid('param')
      const set = c.req.valid('json')
      const key = requestKey('facts', follower, c.req.valid('header')['idempotency-key'])
      const result = await auditedChange(deps, c, async (stores) => {
        const result = await requestFacts(deps, stores, { follower, facts: set, key })
        // Values may be personal data.
        return { result, ...noteOnce(result, 'follower.facts', follower, { facts: Object.keys(set) }) }
      })
      deps.dispatcher.wake()
      return c.json(answerOf(result), 202)
    },
  )
}

/** `POST /followers/{appId}/{openId}/enter` */
function enter(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/followers/{appId}/{openId}/enter',
      summary: 'Start a campaign for a follower',
      description:
        'The entry opens no grant: messages are sent as far as earlier interactions of the follower allow.',
      security,
      request: { params: followerParams, headers: idempotencyHeaders, ...jsonBody(enterBody) },
      responses: {
        202: jsonResponse(accepted, 'Accepted; in effect after the earlier events of the follower.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const follower = c.req.valid('param')
      const { campaign, facts: set = {} } = c.req.valid('json')
      const key = requestKey('enter', follower, c.req.valid('header')['idempotency-key'])
      const result = await auditedChange(deps, c, async (stores) => {
        const result = await requestEnter(deps, stores, { follower, campaign, facts: set, key })
        const details = { campaign, facts: Object.keys(set) }
        return { result, ...noteOnce(result, 'follower.enter', follower, details) }
      })
      deps.dispatcher.wake()
      return c.json(answerOf(result), 202)
    },
  )
}

/** `POST /followers/{appId}/{openId}/tags` */
function changeFollowerTags(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/followers/{appId}/{openId}/tags',
      summary: 'Change the tags of a follower at WeChat',
      description:
        'Missing tags are created. Added tags become an event of the follower: they may begin a campaign, or take a branch of the active run. WeChat reports no tags that others give.',
      security,
      request: { params: followerParams, ...jsonBody(tagsBody) },
      responses: {
        200: jsonResponse(z.object({ added: z.array(z.string()), removed: z.array(z.string()) }), 'Changed.'),
        ...errorResponses,
        ...notFoundResponse,
        ...wechatUnavailable,
      },
    }),
    async (c) => {
      const follower = c.req.valid('param')
      const { add, remove } = c.req.valid('json')
      const account = await deps.accounts.find(follower.appId)
      if (!account) throw notFound(`account ${follower.appId}`)
      if (!(await readFollower(deps.db, follower))) throw notFound('such follower')
      const change = { tag: [...new Set(add)], untag: [...new Set(remove)] }
      const start = deps.configCache.matchTags(account.appId, change.tag)
      await auditedExternalChange(deps, c, note('follower.tags', follower, { add, remove }), async () => {
        const client = deps.clientOf(account)
        const changed = await changeTags(deps, { appId: account.appId, client }, follower.openId, change)
        if (!changed.ok) throw wechatError(changed)
        await deps.db.transaction(async (tx) => {
          await saveTagChanges(tx, follower, change, deps.now())
          if (change.tag.length === 0) return
          const { openId } = follower
          await reportTags(deps, tx, { account, openId, tags: change.tag, start })
        })
        return { result: null }
      })
      deps.dispatcher.wake()
      return c.json({ added: change.tag, removed: change.untag }, 200)
    },
  )
}

/** A key of one caller may stand for several followers and calls. */
function requestKey(call: string, { appId, openId }: FollowerKey, key: string | undefined): string | null {
  return key === undefined ? null : JSON.stringify(['api', call, appId, openId, key])
}

const answerOf = (result: RequestResult) => ({ accepted: true as const, duplicate: result === 'duplicate' })

/** A row of the audit log. The openId is masked, because it is personal data. */
function note(action: string, { appId, openId }: FollowerKey, details: Record<string, unknown>) {
  return { action, target: `${appId}/${maskId(openId)}`, details }
}

/** The same for a request that may be repeated: a repetition changes nothing. */
function noteOnce(
  result: RequestResult,
  ...[action, follower, details]: Parameters<typeof note>
): ReturnType<typeof note> | { action: null } {
  return result === 'duplicate' ? { action: null } : note(action, follower, details)
}
