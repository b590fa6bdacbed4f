import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { LRUCache } from 'lru-cache'
import type { StatisticsFilter } from '../../campaign/statistics/counted-row.ts'
import type { CountedStatistics } from '../../campaign/statistics/report.ts'
import { agesByReadTime, createRefreshedValue, type RefreshedValue } from '../../shared/refreshed-value.ts'
import { SECOND_MS } from '../../shared/time-units.ts'
import { readCampaignStatistics } from '../../store/statistics/read-statistics.ts'
import { partsOf } from '../../store/statistics/run-slices.ts'
import { notFound } from '../api-error.ts'
import { campaignParam } from '../schemas/campaign-schemas.ts'
import { campaignStatistics, statisticsFilter } from '../schemas/statistics-schemas.ts'
import { exportStatistics } from './campaign-export-routes.ts'
import { type ApiDeps, errorResponses, jsonResponse, notFoundResponse, security } from './route-helpers.ts'

/**
 * Counting reads every run of the campaign, so many callers share one count. Whoever asks while it is fresh gets it. Later, while it
 * is usable, he gets it too, and a new one begins.
 */
const AGES = agesByReadTime({ freshMs: 3 * SECOND_MS, usableMs: 10 * SECOND_MS })
const MAX_CACHED = 100

/** `GET /campaigns/{id}/statistics`, and its tables as CSV */
export function readStatisticsOfCampaign(router: OpenAPIHono, deps: ApiDeps): void {
  const read = createStatisticsReader(deps)
  router.openapi(
    createRoute({
      method: 'get',
      path: '/campaigns/{id}/statistics',
      summary: 'Get the statistics of a campaign',
      description:
        'Entries, replies, goals and ends of its runs; what became of each step; which branches were taken; tests of two texts; by day and by scene of the entry. Includes runs that were deleted after `RUN_RETENTION_DAYS`. Each run, step, click and goal is counted once. At most 10 s old; a minute when counting takes long.',
      security,
      request: { params: campaignParam, query: statisticsFilter },
      responses: {
        200: jsonResponse(campaignStatistics, 'The statistics.'),
        ...errorResponses,
        ...notFoundResponse,
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      if (!(await deps.campaigns.row(id))) throw notFound(`campaign ${id}`)
      return c.json(await read(id, c.req.valid('query')), 200)
    },
  )
  exportStatistics(router, deps, read)
}

/** Reads statistics of campaigns. Each campaign and filter has a count of its own. */
function createStatisticsReader(
  deps: Pick<ApiDeps, 'db' | 'campaigns' | 'pace' | 'now'>,
): (campaign: string, filter: StatisticsFilter) => Promise<CountedStatistics> {
  const known = new LRUCache<string, RefreshedValue<CountedStatistics>>({ max: MAX_CACHED })
  return async (campaign, filter) => {
    const { from, to, version, scene, appId, variant } = filter
    const key = JSON.stringify([campaign, from, to, version, scene, appId, variant])
    const counted =
      known.get(key) ??
      createRefreshedValue(
        (isAwaited) =>
          deps.pace(isAwaited, async (pause) => {
            const statistics = await readCampaignStatistics(deps, campaign, filter, partsOf(pause, isAwaited))
            return { countedAt: new Date(deps.now()).toISOString(), ...statistics }
          }),
        { ...AGES, clock: () => performance.now() },
      )
    known.set(key, counted)
    return (await counted.get()).value
  }
}
