import type { Hono } from 'hono'
import { accountView } from '../../api/views/account-view.ts'
import { campaignView } from '../../api/views/campaign-view.ts'
import type { PageDeps } from '../console-deps.ts'
import { OverviewPage } from '../pages/overview-page.tsx'
import { respond } from '../respond.tsx'
import { isFirstRun, openFirstSteps } from './start-routes.tsx'

/** `/` */
export function addAccountPages(app: Hono, { accounts, campaigns, db, now }: PageDeps): void {
  const listAccounts = async () => (await accounts.list()).map((a) => accountView(a, now()))
  app.get('/', async (c) => {
    const steps = await openFirstSteps(c, { db })
    if (isFirstRun(steps)) return c.redirect('/start')
    const [allAccounts, allCampaigns] = await Promise.all([listAccounts(), campaigns.list()])
    return respond(
      c,
      <OverviewPage accounts={allAccounts} campaigns={allCampaigns.map(campaignView)} steps={steps} />,
    )
  })
}
