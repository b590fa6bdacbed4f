import type { Hono } from 'hono'
import { cursor as cursorOf, toPage } from '../../api/routes/route-helpers.ts'
import { listTargetAccounts } from '../../api/views/campaign-account-view.ts'
import { campaignView } from '../../api/views/campaign-view.ts'
import type { Issue } from '../../campaign/issue.ts'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { CampaignPage, CampaignsPage } from '../pages/campaign-pages.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'

/** `/campaigns` */
export function addCampaignPages(app: Hono, deps: PageDeps): void {
  const { api, campaigns } = deps
  for (const [verb, notice] of [
    ['pause', 'paused'],
    ['resume', 'resumed'],
  ] as const) {
    formAction(app, { path: `/campaigns/:id/${verb}`, role: 'operator' }, deps, async (c) => {
      const id = encodeURIComponent(c.req.param('id') ?? '')
      const answer = await api.call(c, 'POST', `/api/campaigns/${id}/${verb}`)
      if (answer.error) return notDone(c, answer, `/campaigns/${id}`)
      return done(c, `/campaigns/${id}`, notice, (answer.body as { name: string }).name)
    })
  }
  app.get('/campaigns', async (c) => {
    const items = (await campaigns.list()).map(campaignView)
    return respond(c, <CampaignsPage items={items} />)
  })
  app.get('/campaigns/:id', async (c) => {
    const found = await campaigns.find(c.req.param('id'))
    if (!found) return respond(c, <NotFoundPage />, 404)
    const { version, source } = found
    // The check of campaign files wrote them.
    const warnings = (version?.warnings ?? []) as Issue[]
    const after = cursorOf.read(c.req.query('cursor'))
    const all = version ? await listTargetAccounts(deps, version.model, { after, limit: PAGE_SIZE + 1 }) : []
    const targets = toPage(all, PAGE_SIZE, (a) => a.appId)
    return respond(
      c,
      <CampaignPage item={campaignView(found)} accounts={targets} source={source} warnings={warnings} />,
    )
  })
}
