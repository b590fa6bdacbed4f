import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type CheckContext, checkCampaign, FILE_MAX_CHARS, profileOf } from '../campaign/check.ts'
import { bodyWarnings } from '../campaign/compile.ts'
import { parseDuration } from '../campaign/duration.ts'
import { shown } from '../campaign/issue.ts'
import { previewCampaign, previewWarnings } from '../campaign/preview.ts'
import { releaseRuns } from '../engine/account-runs.ts'
import type { CampaignVersion, StoredCampaign } from '../store/campaigns.ts'
import { knownMedia } from '../store/media.ts'
import { accountsOf, accountWarnings } from './campaign-accounts.ts'
import { ApiError, conflict, notFound, refused } from './errors.ts'
import {
  type ApiDeps,
  body,
  change,
  createPart,
  cursor,
  errors,
  issuesOf,
  json,
  listRoute,
  missing,
  pageOf,
  security,
  wrongState,
} from './kit.ts'
import {
  campaignAccount,
  campaignDetail,
  campaignItem,
  campaignParam,
  listOf,
  page,
  preview,
  previewRequest,
  published,
} from './schemas.ts'

/** As fresh as the store: an account's state changes behind this process's memory. */
const MOST_ACCOUNTS = 100_000
const JSON_TYPE = /^application\/json\b/
const publishQuery = z.strictObject({ bodies: z.enum(['running']).optional() })
const YAML_TYPE = /^(application|text)\/(x-)?yaml\b/

/** `/api/campaigns` */
export function createCampaigns(deps: ApiDeps): OpenAPIHono {
  const app = createPart()
  const { campaigns } = deps

  app.openAPIRegistry.registerPath({
    method: 'put',
    path: '/campaigns/{id}',
    summary: 'Check and publish a campaign file',
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
      200: json(published, 'New version, or unchanged'),
      201: json(published, 'New campaign'),
      ...errors,
    },
  })
  app.put('/campaigns/:id', async (c) => {
    const type = c.req.header('content-type') ?? ''
    if (!JSON_TYPE.test(type) && !YAML_TYPE.test(type)) {
      throw new ApiError(415, 'unsupported-type', 'Send the file as application/yaml or application/json.')
    }
    const source = await c.req.text()
    const query = publishQuery.safeParse(c.req.query())
    if (!query.success) throw refused('The query cannot be taken.', issuesOf(query.error))
    const { bodies } = query.data
    const { campaign, issues, warnings } = await check(source, { pathId: c.req.param('id') })
    if (!campaign) throw refused('The campaign cannot be published.', issues)
    const before = bodies ? await newest(campaign.id) : null
    const { version, isNew } = await change(deps, c, async (stores) => {
      const result = await stores.campaigns.publish(source, campaign, warnings, {
        runningBodies: bodies === 'running',
      })
      const details = { version: result.version, ...(bodies ? { bodies } : {}) }
      return { action: 'campaign.publish', target: campaign.id, details, result }
    })
    await deps.changed()
    // Not kept with the version: an account's state is of the moment.
    const barred = accountWarnings(campaign, await accountsOf(deps, campaign))
    const kept = before ? bodyWarnings(before.model, campaign) : []
    return c.json(
      { id: campaign.id, version, warnings: [...warnings, ...kept, ...barred] },
      isNew ? 201 : 200,
    )
  })

  app.openapi(listRoute('/campaigns', 'All campaigns', campaignItem), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const found = await campaigns.list({ after: cursor.read(from), limit: limit + 1 })
    const { items, next } = pageOf(found, limit, ({ row }) => row.id)
    return c.json({ items: items.map(itemView), next }, 200)
  })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/preview',
      summary: 'When each step would go, and which grant pays',
      security,
      request: body(previewRequest),
      responses: { 200: json(preview, 'The timeline'), ...errors, ...missing },
    }),
    async (c) => {
      const wish = c.req.valid('json')
      const { campaign, issues } = await check(await sourceOf(wish.campaign), {})
      if (!campaign) throw refused('The campaign cannot be previewed.', issues)
      const rules = wish.rules ?? profileOf(campaign, { accounts: deps.directory.accounts() })
      const events = wish.events.map((e, i) => {
        const atMs = parseDuration(e.at)
        if (atMs === null)
          throw refused('An event has no time.', [
            { path: `events.${i}.at`, message: `"${shown(e.at)}" is no duration, like 40s` },
          ])
        return { atMs, do: e.do }
      })
      const timeline = previewCampaign({ campaign, rules, events })
      return c.json({ timeline, warnings: previewWarnings(campaign, rules) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}',
      summary: 'One campaign',
      security,
      request: { params: campaignParam },
      responses: { 200: json(campaignDetail, 'The campaign, its file and versions'), ...errors, ...missing },
    }),
    async (c) => {
      const found = await find(c.req.valid('param').id)
      const versions = await campaigns.versions(found.row.id)
      const shown = versions.map((v) => ({
        version: v.version,
        publishedAt: new Date(v.publishedAt).toISOString(),
      }))
      return c.json({ ...itemView(found), source: found.source, versions: shown }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/accounts',
      summary: 'The accounts that a campaign serves, and what stands against it there',
      security,
      request: { params: campaignParam, query: page },
      responses: { 200: json(listOf(campaignAccount), 'Accounts'), ...errors, ...missing, ...wrongState },
    }),
    async (c) => {
      const { cursor: from, limit } = c.req.valid('query')
      const version = await usable(c.req.valid('param').id)
      const found = await accountsOf(deps, version.model, { after: cursor.read(from), limit: limit + 1 })
      const { items, next } = pageOf(found, limit, (a) => a.appId)
      const shown = items.map(({ appId, name, reasons }) => ({
        appId,
        name,
        takes: reasons.length === 0,
        reasons: reasons.map((r) => r.en),
      }))
      return c.json({ items: shown, next }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/campaigns/{id}',
      summary: 'No new runs; versions in use stay',
      security,
      request: { params: campaignParam },
      responses: { 204: { description: 'Deleted' }, ...errors, ...missing },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      await change(deps, c, async (stores) => {
        if (!(await stores.campaigns.setState(id, 'deleted'))) throw notFound(`campaign ${id}`)
        return { action: 'campaign.delete', target: id, result: null }
      })
      await deps.changed()
      return c.body(null, 204)
    },
  )

  for (const [verb, state] of [
    ['pause', 'paused'],
    ['resume', 'live'],
  ] as const) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/campaigns/{id}/${verb}`,
        summary: verb === 'pause' ? 'No new entries; steps of runs inside are held' : 'Go on after a pause',
        security,
        request: { params: campaignParam },
        responses: { 200: json(campaignItem, 'The campaign'), ...errors, ...missing },
      }),
      async (c) => {
        const { id } = c.req.valid('param')
        await change(deps, c, async (stores) => {
          if (!(await stores.campaigns.setState(id, state))) throw notFound(`campaign ${id}`)
          return { action: `campaign.${verb}`, target: id, result: null }
        })
        await deps.changed()
        if (state === 'live') releaseRuns(deps, { campaign: id })
        return c.json(itemView(await find(id)), 200)
      },
    )
  }
  return app

  async function find(id: string): Promise<StoredCampaign> {
    const found = await campaigns.find(id)
    if (!found) throw notFound(`campaign ${id}`)
    return found
  }

  async function usable(id: string): Promise<CampaignVersion> {
    const { version, broken } = await find(id)
    if (!version) throw conflict(`Campaign ${id} cannot be used (${broken}). Publish its file again.`)
    return version
  }

  /** Its newest version, also of a deleted campaign; null where there was none. */
  async function newest(id: string): Promise<CampaignVersion | null> {
    const row = await campaigns.row(id)
    return row ? campaigns.version(id, row.version) : null
  }

  /** Checks against the accounts and media that are there. */
  async function check(source: string, context: CheckContext) {
    // Nothing else is done with a file that is too large.
    if (source.length > FILE_MAX_CHARS) return checkCampaign(source, context)
    const ids = [...source.matchAll(/sha256[-:]?[0-9a-f]{64}/g)].map((m) => m[0])
    const there = await knownMedia(deps.db, ids)
    return checkCampaign(source, {
      ...context,
      accounts: await deps.accounts.list({ limit: MOST_ACCOUNTS }),
      hasMedia: (id) => there.has(id),
    })
  }

  async function sourceOf(given: string | Record<string, unknown>): Promise<string> {
    if (typeof given !== 'string') return JSON.stringify(given)
    return /^[a-z0-9-]{1,64}$/.test(given) ? (await find(given)).source : given
  }
}

export function itemView({ row, version, broken }: StoredCampaign) {
  return {
    id: row.id,
    name: version?.model.name ?? row.id,
    version: row.version,
    state: row.state === 'paused' ? ('paused' as const) : ('live' as const),
    accounts: version?.model.accounts ?? null,
    publishedAt: new Date(version?.publishedAt ?? row.updatedAt).toISOString(),
    broken,
  }
}
