import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { describeChange } from '../../campaign/describe-change.ts'
import { diffCampaigns } from '../../campaign/diff.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import { validateStored } from '../../campaign/validate-stored.ts'
import { contentHash } from '../../store/campaigns/content-hash.ts'
import { activeRunsByVersion } from '../../store/runs/campaign-runs.ts'
import { conflict, notFound, refused } from '../api-error.ts'
import {
  type ApiDeps,
  conflictResponse,
  cursor,
  errorResponses,
  jsonBody,
  jsonResponse,
  notFoundResponse,
  security,
  toPage,
} from '../routes/route-helpers.ts'
import {
  type ComparedVersion,
  campaignDiff,
  diffQuery,
  listedVersion,
  rollbackBody,
  versionDetail,
  versionParams,
} from '../schemas/campaign-lifecycle-schemas.ts'
import { campaignParam, published } from '../schemas/campaign-schemas.ts'
import { listOf, page } from '../schemas/common-schemas.ts'
import { versionView } from '../views/campaign-version-view.ts'
import { answerPublished, checkSource, findCampaign, publishSource } from './campaign-files.ts'
import { expectationHeaders, expectedNumber } from './expectations.ts'

/** `/api/campaigns/{id}/versions`, `…/diff`, `…/rollback` */
export function addVersionRoutes(router: OpenAPIHono, deps: ApiDeps): void {
  listVersions(router, deps)
  readVersion(router, deps)
  compareVersions(router, deps)
  rollback(router, deps)
}

/** `GET /campaigns/{id}/versions` */
function listVersions(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/versions',
      summary: 'List the versions of a campaign',
      description: 'Newest first. A version never changes and is never deleted.',
      security,
      request: { params: campaignParam, query: page },
      responses: {
        200: jsonResponse(listOf(listedVersion), 'One page of the list.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { cursor: from, limit } = c.req.valid('query')
      const { row } = await findCampaign(deps, c.req.valid('param').id)
      const before = cursor.readNumber(from) ?? undefined
      const [found, active] = await Promise.all([
        deps.campaigns.versions(row.id, { before, limit: limit + 1 }),
        activeRunsByVersion(deps.db, row.id),
      ])
      const { items, next } = toPage(found, limit, (v) => String(v.version))
      const shown = items.map((v) => ({
        ...versionView(v),
        isNewest: v.version === row.version,
        activeRuns: active.get(v.version) ?? 0,
      }))
      return c.json({ items: shown, next }, 200)
    },
  )
}

/** `GET /campaigns/{id}/versions/{version}` */
function readVersion(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/versions/{version}',
      summary: 'Get a version of a campaign',
      security,
      request: { params: versionParams },
      responses: {
        200: jsonResponse(versionDetail, 'The version with its file.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { id, version } = c.req.valid('param')
      const found = await findVersion(deps, id, version)
      const hash = found.contentHash ?? contentHash(found.model)
      const detail = {
        ...versionView({ ...found, contentHash: hash }),
        source: found.source,
        // The check of campaign files wrote them.
        warnings: found.warnings as Issue[],
        broken: validateStored(found.model),
      }
      return c.json(detail, 200)
    },
  )
}

/** `GET /campaigns/{id}/diff` */
function compareVersions(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/diff',
      summary: 'Compare two versions of a campaign',
      description: 'By step, fork and field. Without parameters: from the newest version to the draft.',
      security,
      request: { params: campaignParam, query: diffQuery },
      responses: {
        200: jsonResponse(campaignDiff, 'The differences, in the order of the file.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { from, to } = c.req.valid('query')
      const [before, after] = [await compared(deps, id, from), await compared(deps, id, to)]
      const changes = diffCampaigns(before.model, after.model).map((change) => ({
        ...change,
        text: describeChange(change),
      }))
      return c.json({ from: before.of, to: after.of, same: changes.length === 0, changes }, 200)
    },
  )
}

/** `POST /campaigns/{id}/rollback` */
function rollback(router: OpenAPIHono, deps: ApiDeps): void {
  router.openapi(
    createRoute({
      method: 'post',
      path: '/campaigns/{id}/rollback',
      summary: 'Publish an older version again',
      description:
        'Its file is checked as a new one, because media and accounts may have changed, and becomes the newest version. Active runs keep their version.',
      security,
      request: { params: campaignParam, headers: expectationHeaders, ...jsonBody(rollbackBody) },
      responses: {
        200: jsonResponse(published, 'The new version, or the unchanged one.'),
        ...errorResponses,
        ...notFoundResponse,
        ...conflictResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const { version, note } = c.req.valid('json')
      const { source } = await findVersion(deps, id, version)
      const done = await publishSource(deps, c, {
        source,
        pathId: id,
        expectedVersion: expectedNumber(c),
        restoredFrom: version,
        note,
        action: 'campaign.rollback',
      })
      return answerPublished(c, { ...done, isNew: false }) as never
    },
  )
}

/** @throws ApiError 404 */
async function findVersion(deps: Pick<ApiDeps, 'campaigns'>, id: string, version: number) {
  await findCampaign(deps, id)
  const found = await deps.campaigns.findVersion(id, version)
  if (!found) throw notFound(`version ${version} of campaign ${id}`)
  return found
}

/** A version or the draft as a checked campaign. @throws ApiError 404, 409 for an unusable version, 422 for a draft with errors */
export async function compared(
  deps: Pick<ApiDeps, 'campaigns' | 'drafts' | 'db' | 'accounts' | 'hasLinks'>,
  id: string,
  which: ComparedVersion,
): Promise<{ of: number | 'draft'; model: Campaign }> {
  if (which === 'draft') {
    const draft = await deps.drafts.find(id)
    if (!draft) throw notFound(`draft of campaign ${id}`)
    const { campaign, issues } = await checkSource(deps, draft.source, { pathId: id })
    if (!campaign) throw refused('The draft has errors.', issues)
    return { of: 'draft', model: campaign }
  }
  const number = which === 'live' ? (await findCampaign(deps, id)).row.version : which
  const found = await findVersion(deps, id, number)
  const broken = validateStored(found.model)
  if (broken) throw conflict(`Version ${number} of campaign ${id} cannot be used (${broken}).`)
  return { of: number, model: found.model }
}
