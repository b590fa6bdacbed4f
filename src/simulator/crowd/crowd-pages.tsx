import { Hono } from 'hono'
import { IconSprite } from '../phone/icons.tsx'
import { NoAccountPage, Page } from '../phone/shell.tsx'
import { SHELL_TEXTS } from '../phone/shell-texts.ts'
import { respond, useText, useView } from '../phone/view.tsx'
import { ownAccounts } from '../platform/release-test.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { DEFAULT_SETTINGS, MOST_FOLLOWERS, MOST_PER_SECOND, MOST_SECONDS } from './crowd-settings.ts'
import { CROWD_TEXTS } from './crowd-texts.ts'
import type { CrowdPageData } from './crowd-view.ts'

/** `/crowd/APPID`: the crowd of an account. Its script draws it. */
export function createCrowdPages(wechat: SimulatedWechat, consoleUrl: string | null): Hono {
  const app = new Hono()
  app.get('/crowd', (c) => {
    const [first] = ownAccounts(wechat)
    return first
      ? c.redirect(`/crowd/${first.appId}`)
      : respond(c, <NoAccountPage consoleUrl={consoleUrl} />, 404)
  })
  app.get('/crowd/:appId', (c) => {
    const account = wechat.accounts.get(c.req.param('appId'))
    if (!account)
      return respond(c, <NoAccountPage appId={c.req.param('appId')} consoleUrl={consoleUrl} />, 404)
    const data = {
      appId: account.appId,
      accounts: ownAccounts(wechat).map(({ appId, name }) => ({ appId, name })),
      served: wechat.servedBy(account).by !== 'nobody',
      hasFastClock: wechat.hasTestClock,
      defaults: DEFAULT_SETTINGS,
      limits: { followers: MOST_FOLLOWERS, seconds: MOST_SECONDS, perSecond: MOST_PER_SECOND },
    }
    return respond(c, <CrowdPage data={data} consoleUrl={consoleUrl} />)
  })
  return app
}

const CrowdPage = (props: { data: Omit<CrowdPageData, 'language'>; consoleUrl: string | null }) => {
  const texts = useText(CROWD_TEXTS)
  const shell = useText(SHELL_TEXTS)
  const data: CrowdPageData = { ...props.data, language: useView().language }
  return (
    <Page title={texts.title} at="crowd" hint={texts.hint} consoleUrl={props.consoleUrl} script="crowd">
      <IconSprite />
      <noscript>
        <p class="note amber">{shell.noScript}</p>
      </noscript>
      <div id="crowd" data-crowd={JSON.stringify(data)}>
        <p class="quiet">{texts.loading}</p>
      </div>
    </Page>
  )
}
