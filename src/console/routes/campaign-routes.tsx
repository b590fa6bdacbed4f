import type { Hono } from 'hono'
import { cursor as cursorOf, toPage } from '../../api/routes/route-helpers.ts'
import { listTargetAccounts } from '../../api/views/campaign-account-view.ts'
import { campaignView } from '../../api/views/campaign-view.ts'
import type { Issue } from '../../campaign/issue.ts'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { CampaignPage } from '../pages/campaign-pages.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'

/** `/campaigns/ID` */
export function addCampaignPages(app: Hono, deps: PageDeps): void {
  const { campaigns } = deps
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
