import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { PREFERENCES_PATH } from '../../ui/preference-switches.tsx'
import { chosenPreferences, detectLanguage, keepPreferences } from '../../ui/preferences.ts'
import { createCrowdPages } from '../crowd/crowd-pages.tsx'
import type { ComponentState } from '../platform/component-state.ts'
import { ownAccounts } from '../platform/release-test.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { createAccountsPage } from './accounts-page.tsx'
import { MAX_PHONES } from './control-api.ts'
import { pageHeaders } from './page-headers.ts'
import { PhonesPage } from './phones-page.tsx'
import { serveFiles } from './serve-files.ts'
import { createServerPages } from './server-pages.tsx'
import { NoAccountPage } from './shell.tsx'
import { respond } from './view.tsx'
import type { PhoneKey } from './view-types.ts'

/** Followers in the list of known ones: the newest. */
const MAX_LISTED = 40

interface Links {
  consoleUrl: string | null
  authoriseUrl: string | null
}

/** The phone page, the list of accounts and their forms. Opening a phone adds no follower; the first action does. */
export function createPages(
  wechat: SimulatedWechat,
  links: Links,
  onPlatform: (component: ComponentState) => void = () => {},
): Hono {
  const app = new Hono()
  app.use(pageHeaders())
  app.use(detectLanguage)
  serveFiles(app)
  app.post(PREFERENCES_PATH, (c) => {
    const { back, ...chosen } = chosenPreferences(c)
    keepPreferences(c, chosen, false)
    return c.redirect(back, 303)
  })
  app.get('/', (c) => {
    const [account] = ownAccounts(wechat)
    if (!account) return respond(c, <NoAccountPage consoleUrl={links.consoleUrl} />, 404)
    const follower = [...account.followers.values()].find((f) => f.crowd === null)
    return c.redirect(`/phone/${account.appId}/${follower?.openId ?? newOpenId()}`)
  })
  app.route('/', createAccountsPage(wechat, links))
  app.route('/', createServerPages(wechat, { consoleUrl: links.consoleUrl, onPlatform }))
  app.route('/', createCrowdPages(wechat, links.consoleUrl))
  addPhonePages(app, wechat, links)
  return app
}

function addPhonePages(app: Hono, wechat: SimulatedWechat, links: Links): void {
  app.get('/phone/:appId', (c) => c.redirect(`/phone/${c.req.param('appId')}/${newOpenId()}`))
  app.get('/phone/:appId/:openId', (c) => {
    const first = c.req.param()
    const account = wechat.accounts.get(first.appId)
    if (!account) return respond(c, <NoAccountPage appId={first.appId} consoleUrl={links.consoleUrl} />, 404)
    const others = (c.req.queries('with') ?? []).flatMap(readKey)
    // A phone of an account that is gone, or of the same follower, is left out.
    const known = [first, ...others].filter(
      (key, i, all) =>
        wechat.accounts.has(key.appId) &&
        all.findIndex((k) => k.appId === key.appId && k.openId === key.openId) === i,
    )
    const data = {
      phones: known.slice(0, MAX_PHONES),
      accounts: ownAccounts(wechat).map(({ appId, name }) => ({ appId, name })),
      followers: [...account.followers.values()]
        .filter((f) => f.crowd === null)
        .slice(-MAX_LISTED)
        .map(({ openId }) => ({ appId: account.appId, openId })),
      maxPhones: MAX_PHONES,
      ...links,
    }
    return respond(c, <PhonesPage data={data} served={wechat.servedBy(account).by !== 'nobody'} />)
  })
}

/** `APPID/OPENID`, as the page writes it into its address. */
function readKey(phone: string): PhoneKey[] {
  const [appId, openId, ...rest] = phone.split('/')
  return appId && openId && rest.length === 0 ? [{ appId, openId }] : []
}

function newOpenId(): string {
  return `oTest${randomBytes(11).toString('base64url')}`
}
