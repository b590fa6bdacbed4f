import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { checkCampaign, FILE_MAX_CHARS, profileOf } from '../../campaign/check.ts'
import type { CheckContext } from '../../campaign/check-context.ts'
import { bodyWarnings } from '../../campaign/compile.ts'
import { parseDuration } from '../../campaign/duration.ts'
import { excerpt } from '../../campaign/issue.ts'
import { playedFindings } from '../../campaign/played-findings.ts'
import { previewCampaign } from '../../campaign/preview.ts'
import { MAX_ACCOUNTS } from '../../store/accounts/account.ts'
import type { CampaignVersion, StoredCampaign } from '../../store/campaigns/campaign-store.ts'
import { existingMedia } from '../../store/campaigns/media-store.ts'
import { retryDeferredSteps } from '../../temporal/account-runs.ts'
import { ApiError, conflict, notFound, refused } from '../api-error.ts'
import {
  campaignAccount,
  campaignDetail,
  campaignItem,
  campaignParam,
  preview,
  previewRequest,
  published,
} from '../schemas/campaign-schemas.ts'
import { listOf, page } from '../schemas/common-schemas.ts'
import { accountWarnings, listTargetAccounts } from '../views/campaign-account-view.ts'
import { campaignView } from '../views/campaign-view.ts'
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
  listRoute,
  notFoundResponse,
  schemaIssues,
  security,
  toPage,
} from './route-helpers.ts'

const JSON_TYPE = /^application\/json\b/
const publishQuery = z.strictObject({ bodies: z.enum(['running']).optional() })
const YAML_TYPE = /^(application|text)\/(x-)?yaml\b/

/** `/api/campaigns` */
export function createCampaignRoutes(deps: ApiDeps): OpenAPIHono {
  const router = createRouter()
  publishCampaign(router, deps)
  listCampaigns(router, deps)
  previewRoute(router, deps)
  readCampaign(router, deps)
  listAccountsOfCampaign(router, deps)
  countRunsOfCampaign(router, deps)
  deleteCampaign(router, deps)
  setCampaignState(router, deps)
  return router
}

/** `PUT /campaigns/{id}` */
function publishCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  router.openAPIRegistry.registerPath({
    method: 'put',
    path: '/campaigns/{id}',
    summary: 'Publish a campaign file',
    description:
      'The file is checked; all errors are reported at once. An unchanged file makes no new version. With `bodies=running`, the message bodies of active runs change too.',
    security,
    request: {
      params: campaignParam,
      query: publishQuery,
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
    const { bodies } = query.data
    const { campaign, issues, warnings } = await checkSource(deps, source, { pathId: c.req.param('id') })
    if (!campaign) throw refused('The campaign cannot be published.', issues)
    const before = bodies ? await newestVersion(deps, campaign.id) : null
    const { version, isNew } = await auditedChange(deps, c, async (stores) => {
      const result = await stores.campaigns.publish(source, campaign, warnings, {
        runningBodies: bodies === 'running',
      })
      const details = { version: result.version, ...(bodies ? { bodies } : {}) }
      return { action: 'campaign.publish', target: campaign.id, details, result }
    })
    await deps.reloadConfig()
    // Not stored with the version, because the state of an account changes.
    const ineligible = accountWarnings(campaign, await listTargetAccounts(deps, campaign))
    const runningBodyWarnings = before ? bodyWarnings(before.model, campaign) : []
    return c.json(
      { id: campaign.id, version, warnings: [...warnings, ...runningBodyWarnings, ...ineligible] },
      isNew ? 201 : 200,
    )
  })
}

/** `GET /campaigns` */
function listCampaigns(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(listRoute('/campaigns', { summary: 'List campaigns' }, campaignItem), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await deps.campaigns.list({ after: cursor.read(from), limit: limit + 1 })
    const { items, next } = toPage(found, limit, ({ row }) => row.id)
    return c.json({ items: items.map(campaignView), next }, 200)
  })
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
      const { campaign, issues } = await checkSource(deps, await resolveSource(deps, request.campaign), {})
      if (!campaign) throw refused('The campaign cannot be previewed.', issues)
      const rules = request.rules ?? profileOf(campaign, { accounts: deps.configCache.accounts() })
      const events = request.events.map((e, i) => {
        const atMs = parseDuration(e.at)
        if (atMs === null)
          throw refused('An event has an invalid time.', [
            { path: `events.${i}.at`, message: `"${excerpt(e.at)}" is not a duration, like 40s` },
          ])
        return { atMs, do: e.do }
      })
      const timeline = previewCampaign({ campaign, rules, events })
      return c.json({ timeline, warnings: playedFindings(campaign, rules).warnings }, 200)
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
      const versions = await deps.campaigns.versions(found.row.id)
      const shown = versions.map((v) => ({
        version: v.version,
        publishedAt: new Date(v.publishedAt).toISOString(),
      }))
      return c.json({ ...campaignView(found), source: found.source, versions: shown }, 200)
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
      const version = await usableVersion(deps, c.req.valid('param').id)
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
        },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        await auditedChange(deps, c, async (stores) => {
          if (!(await stores.campaigns.setState(id, state))) throw notFound(`campaign ${id}`)
          return { action: `campaign.${verb}`, target: id, result: null }
        })
        await deps.reloadConfig()
        if (state === 'live') retryDeferredSteps(deps, { campaign: id })
        return c.json(campaignView(await findCampaign(deps, id)), 200)
      },
    )
  }
}

async function findCampaign(deps: ApiDeps, id: string): Promise<StoredCampaign> {
  const found = await deps.campaigns.find(id)
  if (!found) throw notFound(`campaign ${id}`)
  return found
}

async function usableVersion(deps: ApiDeps, id: string): Promise<CampaignVersion> {
  const { version, broken } = await findCampaign(deps, id)
  if (!version) throw conflict(`Campaign ${id} cannot be used (${broken}). Publish its file again.`)
  return version
}

/** The newest version of a campaign, even if it is deleted; null if there is none. */
async function newestVersion(deps: ApiDeps, id: string): Promise<CampaignVersion | null> {
  const row = await deps.campaigns.row(id)
  return row ? deps.campaigns.version(id, row.version) : null
}

/** Checks a file against the registered accounts, the uploaded media and the live campaigns. */
async function checkSource(deps: ApiDeps, source: string, context: CheckContext) {
  // The check refuses such a file, so its media are not looked up.
  if (source.length > FILE_MAX_CHARS) return checkCampaign(source, context)
  const ids = [...source.matchAll(/sha256[-:]?[0-9a-f]{64}/g)].map((m) => m[0])
  const [knownIds, { live }] = await Promise.all([existingMedia(deps.db, ids), deps.campaigns.live()])
  return checkCampaign(source, {
    ...context,
    // From the store: other processes change the state of an account.
    accounts: await deps.accounts.list({ limit: MAX_ACCOUNTS }),
    hasMedia: (id) => knownIds.has(id),
    others: live.map(({ campaign }) => campaign),
    hasLinks: deps.hasLinks,
  })
}

async function resolveSource(deps: ApiDeps, given: string | Record<string, unknown>): Promise<string> {
  if (typeof given !== 'string') return JSON.stringify(given)
  return /^[a-z0-9-]{1,64}$/.test(given) ? (await findCampaign(deps, given)).source : given
}
