import type { Hono } from 'hono'
import { openCampaign } from '../campaigns/framed-campaign.ts'
import type { PageDeps } from '../console-deps.ts'
import { CampaignYamlPage } from '../pages/campaign-yaml-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'
import { requirePageRole } from './page-role.tsx'

/** `/campaigns/ID/yaml` */
export function addCampaignYamlPage(app: Hono, deps: PageDeps): void {
  app.get('/campaigns/:id/yaml', requirePageRole(deps, 'operator'), async (c) => {
    const open = await openCampaign(deps, c.req.param('id'))
    if (!open) return respond(c, <NotFoundPage />, 404)
    const source = open.draft?.source ?? open.stored?.source ?? ''
    return respond(c, <CampaignYamlPage campaign={open.framed} source={source} />)
  })
}
