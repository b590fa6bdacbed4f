import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { type BriefCache, createBriefCache } from '../../shared/brief-cache.ts'
import { SECOND_MS } from '../../shared/time-units.ts'
import { readCampaignTotals, type VersionTotals } from '../../store/runs/campaign-totals.ts'
import { notFound } from '../api-error.ts'
import { campaignParam, campaignTotals } from '../schemas/campaign-schemas.ts'
import { type ApiDeps, errorResponses, jsonResponse, notFoundResponse, security } from './route-helpers.ts'

/** Counting reads every run of the campaign, so many callers share one count. */
const CACHE_MS = 10 * SECOND_MS

/** `GET /campaigns/{id}/totals` */
export function countRunsOfCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  const counts = new Map<string, BriefCache<VersionTotals[]>>()
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/totals',
      summary: 'Count the runs of a campaign',
      description:
        'For each version: runs by outcome (by status while active or paused), and steps by state. Includes runs that were deleted after `RUN_RETENTION_DAYS`. At most 10 s old.',
      security,
      request: { params: campaignParam },
      responses: {
        200: jsonResponse(campaignTotals, 'The counts, newest version first.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      if (!(await deps.campaigns.row(id))) throw notFound(`campaign ${id}`)
      const count = counts.get(id) ?? createBriefCache(() => readCampaignTotals(deps.db, id), CACHE_MS)
      counts.set(id, count)
      return c.json({ items: await count.get() }, 200)
    },
  )
}
