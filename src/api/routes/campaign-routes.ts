import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { profileOf } from '../../campaign/check.ts'
import { parseDuration } from '../../campaign/duration.ts'
import { excerpt } from '../../campaign/issue.ts'
import { playedFindings } from '../../campaign/played-findings.ts'
import { previewCampaign } from '../../campaign/preview.ts'
import { withAccountQuietHours } from '../../campaign/target-accounts.ts'
import { retryDeferredSteps } from '../../temporal/account-runs.ts'
import { ApiError, notFound, refused } from '../api-error.ts'
import {
  answerPublished,
  checkSource,
  findCampaign,
  publishSource,
  resolveSource,
  retiredError,
  usableCampaign,
} from '../campaigns/campaign-files.ts'
import { addDraftRoutes } from '../campaigns/draft-routes.ts'
import { addDryRunRoute } from '../campaigns/dry-run-route.ts'
import { etag, expectationHeaders, expectedNumber } from '../campaigns/expectations.ts'
import { addLifecycleRoutes } from '../campaigns/lifecycle-routes.ts'
import { addTestSendRoute } from '../campaigns/test-send-route.ts'
import { addVersionRoutes } from '../campaigns/version-routes.ts'
import {
  campaignAccount,
  campaignDetail,
  campaignItem,
  campaignParam,
  preview,
  previewRequest,
  published,
  versionNote,
} from '../schemas/campaign-schemas.ts'
import { listOf, page } from '../schemas/common-schemas.ts'
import { listTargetAccounts } from '../views/campaign-account-view.ts'
import { draftView, versionView } from '../views/campaign-version-view.ts'
import { campaignView } from '../views/campaign-view.ts'
import { exportRuns } from './campaign-export-routes.ts'
import { readStatisticsOfCampaign } from './campaign-statistics-route.ts'
import { countRunsOfCampaign } from './campaign-totals-route.ts'
import {
  type ApiDeps,
  auditedChange,
  conflictResponse,
  createRouter,
  cursor,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  schemaIssues,
  security,
  toPage,
} from './route-helpers.ts'

const JSON_TYPE = /^application\/json\b/
const publishQuery = z.strictObject({ bodies: z.enum(['running']).optional(), note: versionNote })
const ALL_STATES = ['live', 'paused', 'retired'] as const
const YAML_TYPE = /^(application|text)\/(x-)?yaml\b/

/** `/api/campaigns` */
export function createCampaignRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  publishCampaign(router, deps)
  listCampaigns(router, deps)
  previewRoute(router, deps)
  addDryRunRoute(router, deps)
  readCampaign(router, deps)
  listAccountsOfCampaign(router, deps)
  countRunsOfCampaign(router, deps)
  readStatisticsOfCampaign(router, deps)
  exportRuns(router, deps)
  deleteCampaign(router, deps)
  setCampaignState(router, deps)
  addVersionRoutes(router, deps)
  addDraftRoutes(router, deps)
  addLifecycleRoutes(router, deps)
  addTestSendRoute(router, deps)
  return router
}

/** `PUT /campaigns/{id}` */
function publishCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  router.openAPIRegistry.registerPath({
    method: 'put',
    path: '/campaigns/{id}',
    summary: 'Publish a campaign file',
    description:
      'The file is checked; all errors are reported at once. A file with the same content makes no new version. With `bodies=running`, the message bodies of active runs change too. With `If-Match` and a version, the call is refused with 409 when another version is the newest one.',
    security,
    request: {
      params: campaignParam,
      query: publishQuery,
      headers: expectationHeaders,
      body: {
        required: true,
        content: {
          'application/yaml': { schema: z.string() },
          'application/json': { schema: z.record(z.string(), z.unknown()) },
        },
      },
    },
    responses: {
      200: jsonResponse(published, 'A new version, or the unchanged one.'),
      201: jsonResponse(published, 'A new campaign.'),
      ...errorResponses,
      ...conflictResponse,
    },
  })
  router.put('/campaigns/:id', async (c) => {
    const type = c.req.header('content-type') ?? ''
    if (!JSON_TYPE.test(type) && !YAML_TYPE.test(type)) {
      throw new ApiError(415, 'unsupported-type', 'Send the file as application/yaml or application/json.')
    }
    const source = await c.req.text()
    const query = publishQuery.safeParse(c.req.query())
    if (!query.success) throw refused('The request has invalid query parameters.', schemaIssues(query.error))
    const done = await publishSource(deps, c, {
      source,
      pathId: c.req.param('id'),
      runningBodies: query.data.bodies === 'running',
      note: query.data.note,
      expectedVersion: expectedNumber(c),
    })
    return answerPublished(c, done)
  })
}

/** `GET /campaigns` */
function listCampaigns(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns',
      summary: 'List campaigns',
      description: 'Without `state`: all except the retired ones.',
      security,
      request: { query: page.extend({ state: z.enum(['live', 'paused', 'retired', 'all']).optional() }) },
      responses: { 200: jsonResponse(listOf(campaignItem), 'One page of the list.'), ...errorResponses },
    }),
    async (c) => {
      const { cursor: from, limit, state } = c.req.valid('query')
      const states = state === undefined ? undefined : state === 'all' ? ALL_STATES : [state]
      const after = cursor.read(from)
      const found = await deps.campaigns.list({ after, limit: limit + 1, ...(states ? { states } : {}) })
      const { items, next } = toPage(found, limit, ({ row }) => row.id)
      return c.json({ items: items.map(campaignView), next }, 200)
    },
  )
}

/** `POST /campaigns/preview` */
function previewRoute(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/preview',
      summary: 'Preview a campaign',
      description: 'Returns when each step would be sent, and which grant pays for it. Nothing is stored.',
      security,
      request: jsonBody(previewRequest),
      responses: { 200: jsonResponse(preview, 'The timeline.'), ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const request = c.req.valid('json')
      const checked = await checkSource(deps, await resolveSource(deps, request.campaign), {})
      if (!checked.campaign) throw refused('The campaign cannot be previewed.', checked.issues)
      const accounts = deps.configCache.accounts()
      const { campaign, of } = withAccountQuietHours(checked.campaign, accounts)
      const rules = request.rules ?? profileOf(campaign, { accounts })
      const events = request.events.map((e, i) => {
        const atMs = parseDuration(e.at)
        if (atMs === null)
          throw refused('An event has an invalid time.', [
            { path: `events.${i}.at`, message: `"${excerpt(e.at)}" is not a duration, like 40s` },
          ])
        return { atMs, do: e.do }
      })
      const timeline = previewCampaign({ campaign, rules, events })
      return c.json({ timeline, warnings: playedFindings(campaign, rules, of).warnings }, 200)
    },
  )
}

/** `GET /campaigns/{id}` */
function readCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}',
      summary: 'Get a campaign',
      security,
      request: { params: campaignParam },
      responses: {
        200: jsonResponse(campaignDetail, 'The campaign with its file and versions.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const found = await findCampaign(deps, c.req.valid('param').id)
      const [versions, draft] = await Promise.all([
        deps.campaigns.versions(found.row.id),
        deps.drafts.find(found.row.id),
      ])
      c.header('etag', etag(found.row.version))
      return c.json(
        {
          ...campaignView(found),
          source: found.source,
          versions: versions.map(versionView),
          draft: draft && draftView(draft),
        },
        200,
      )
    },
  )
}

/** `GET /campaigns/{id}/accounts` */
function listAccountsOfCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/accounts',
      summary: 'List the accounts of a campaign',
      description: 'For each account: whether the campaign can run there, and if not, why.',
      security,
      request: { params: campaignParam, query: page },
      responses: {
        200: jsonResponse(listOf(campaignAccount), 'One page of the list.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { cursor: from, limit } = c.req.valid('query')
      const { version } = await usableCampaign(deps, c.req.valid('param').id)
      const found = await listTargetAccounts(deps, version.model, {
        after: cursor.read(from),
        limit: limit + 1,
      })
      const { items, next } = toPage(found, limit, (a) => a.appId)
      const shown = items.map(({ appId, name, reasons }) => ({
        appId,
        name,
        takes: reasons.length === 0,
        reasons: reasons.map((r) => r.en),
      }))
      return c.json({ items: shown, next }, 200)
    },
  )
}

/** `DELETE /campaigns/{id}` */
function deleteCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'delete',
      path: '/campaigns/{id}',
      summary: 'Delete a campaign',
      description: 'No new runs start. Active runs continue with their version.',
      security,
      request: { params: campaignParam },
      responses: { 204: { description: 'The campaign is deleted.' }, ...errorResponses, ...notFoundResponse },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      await auditedChange(deps, c, async (stores) => {
        if (!(await stores.campaigns.setState(id, 'deleted'))) throw notFound(`campaign ${id}`)
        return { action: 'campaign.delete', target: id, result: null }
      })
      await deps.reloadConfig()
      return c.body(null, 204)
    },
  )
}

/** `POST /campaigns/{id}/pause`, `…/resume` */
function setCampaignState(router: OpenAPIHono, deps: ApiDeps): void {
  for (const [verb, state] of [
    ['pause', 'paused'],
    ['resume', 'live'],
  ] as const) {
    router.openapi(
      createRoute({
        method: 'post',
        path: `/campaigns/{id}/${verb}`,
        summary: verb === 'pause' ? 'Pause a campaign' : 'Resume a campaign',
        description:
          verb === 'pause'
            ? 'No new runs start, and the steps of active runs are held.'
            : 'Held steps are sent if they still can be.',
        security,
        request: { params: campaignParam },
        responses: {
          200: jsonResponse(campaignItem, 'The campaign.'),
          ...errorResponses,
          ...notFoundResponse,
          ...conflictResponse,
        },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        await auditedChange(deps, c, async (stores) => {
          const { row } = await findCampaign({ campaigns: stores.campaigns }, id)
          if (row.state === 'retired' || !(await stores.campaigns.setState(id, state, ['live', 'paused'])))
            throw retiredError(id)
          return { action: `campaign.${verb}`, target: id, result: null }
        })
        await deps.reloadConfig()
        if (state === 'live') retryDeferredSteps(deps, { campaign: id })
        return c.json(campaignView(await findCampaign(deps, id)), 200)
      },
    )
  }
}
