import type { Context, Hono } from 'hono'
import { cursor as cursorOf, toPage } from '../../api/routes/route-helpers.ts'
import { listTargetAccounts } from '../../api/views/campaign-account-view.ts'
import { campaignView } from '../../api/views/campaign-view.ts'
import type { Issue } from '../../campaign/issue.ts'
import type { Campaign } from '../../campaign/model.ts'
import type { CountedStatistics } from '../../campaign/statistics/report.ts'
import { STATISTICS_TABLES } from '../../campaign/statistics/statistics-tables.ts'
import { targetAccounts } from '../../campaign/target-accounts.ts'
import { openCampaign } from '../campaigns/framed-campaign.ts'
import { WithMedia } from '../components/step-name.tsx'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { notDone } from '../form-action.tsx'
import { CampaignPage } from '../pages/campaign-pages.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { campaignPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { type ResultsQuery, readResultsQuery, statisticsQuery } from '../results/results-query.ts'
import { languageOf } from '../shell/preferences.tsx'
import { readMediaNames } from '../steps/media-names.ts'
import { olderModels } from '../steps/older-models.ts'
import { requirePageRole } from './page-role.tsx'

/** `/campaigns/ID`: the results of a campaign, their tables as CSV, and its runs as JSON lines */
export function addCampaignPages(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id', async (c) => {
    const id = c.req.param('id')
    const open = await openCampaign(deps, id)
    if (!open) return respond(c, <NotFoundPage />, 404)
    // A draft has no results.
    if (!open.stored) return c.redirect(`${campaignPath(id)}/versions`)
    const { version, source } = open.stored
    // The check of campaign files wrote them.
    const warnings = (version?.warnings ?? []) as Issue[]
    const after = cursorOf.read(c.req.query('cursor'))
    const query = readResultsQuery(c.req.query())
    const filter = filterOf(query, deps, version?.model)
    const [all, { body, error }, shown] = await Promise.all([
      version ? listTargetAccounts(deps, version.model, { after, limit: PAGE_SIZE + 1 }) : [],
      // The operator API counts at most once in three seconds.
      deps.api.call(c, 'GET', `/api${campaignPath(id)}/statistics?${filter}`),
      query.version === null ? version : deps.campaigns.version(id, query.version),
    ])
    const targets = toPage(all, PAGE_SIZE, (a) => a.appId)
    const statistics = error ? null : (body as CountedStatistics)
    const model = shown?.model ?? null
    const counted = statistics?.steps.map(({ step }) => step) ?? []
    const newest = { id, version: query.version ?? open.stored.row.version, model }
    const others = await olderModels(deps.campaigns, newest, counted, languageOf(c))
    const media = await readMediaNames(deps.db, [model, source, ...others])
    return respond(
      c,
      <WithMedia names={media}>
        <CampaignPage
          item={campaignView(open.stored)}
          framed={open.framed}
          accounts={targets}
          source={source}
          warnings={warnings}
          query={query}
          model={model}
          others={others}
          statistics={statistics}
        />
      </WithMedia>,
    )
  })
  const askedFilter = async (c: Context, id: string) => {
    const found = await deps.campaigns.find(id)
    return filterOf(readResultsQuery(c.req.query()), deps, found?.version?.model)
  }
  app.get('/campaigns/:id/statistics.csv', async (c) => {
    const table = STATISTICS_TABLES.find((name) => name === c.req.query('table'))
    if (!table) return respond(c, <NotFoundPage />, 404)
    const id = c.req.param('id')
    const filter = await askedFilter(c, id)
    const query = `table=${table}&lang=${languageOf(c)}&${filter}`
    const file = await deps.api.file(c, `/api${campaignPath(id)}/statistics.csv?${query}`)
    return file instanceof Response ? file : notDone(c, file, campaignPath(id))
  })
  app.get('/campaigns/:id/runs.jsonl', requirePageRole(deps, 'operator'), async (c) => {
    const id = c.req.param('id')
    const filter = await askedFilter(c, id)
    const file = await deps.api.file(c, `/api${campaignPath(id)}/runs.jsonl?${filter}`)
    return file instanceof Response ? file : notDone(c, file, campaignPath(id))
  })
}

/** The runs that the query of a page is about, as a filter of the operator API. */
function filterOf(query: ResultsQuery, { configCache, now }: PageDeps, model: Campaign | undefined): string {
  return statisticsQuery(query, now(), targetAccounts(model?.accounts, configCache.accounts()))
}
