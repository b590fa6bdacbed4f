import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import type { ComponentState } from '../platform/component-state.ts'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import { createAccountsPage } from './accounts-page.tsx'
import { pageHeaders } from './page-headers.ts'
import { PhonePage } from './phone-page.tsx'
import { createServerPages } from './server-pages.tsx'

const asset = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8')

/** The phone page, the list of accounts and their forms. Opening a phone adds no follower; the first action does. */
export function createPages(
  wechat: SimulatedWechat,
  links: { consoleUrl: string | null; authoriseUrl: string | null },
  onPlatform: (component: ComponentState) => void = () => {},
): Hono {
  const app = new Hono()
  const script = asset('phone.js')
  const style = asset('phone.css')
  app.use(pageHeaders())
  app.get('/assets/phone.js', (c) =>
    c.body(script, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )
  app.get('/assets/phone.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/', (c) => {
    const [account] = wechat.accounts.values()
    if (!account) return c.text('暂无模拟公众号 / no simulated account', 404)
    const [follower] = account.followers.keys()
    return c.redirect(`/phone/${account.appId}/${follower ?? newOpenId()}`)
  })
  app.route('/', createAccountsPage(wechat, links))
  app.route('/', createServerPages(wechat, { consoleUrl: links.consoleUrl, onPlatform }))
  app.get('/phone/:appId', (c) => c.redirect(`/phone/${c.req.param('appId')}/${newOpenId()}`))
  app.get('/phone/:appId/:openId', (c) => {
    const { appId, openId } = c.req.param()
    const account = wechat.accounts.get(appId)
    if (!account) return c.text(`找不到公众号 ${appId} / the simulator has no account ${appId}`, 404)
    return c.html(
      <PhonePage
        appId={appId}
        openId={openId}
        name={account.name}
        followers={[...new Set([...account.followers.keys(), openId])]}
        served={wechat.servedBy(account).by !== 'nobody'}
        {...links}
      />,
    )
  })
  return app
}

function newOpenId(): string {
  return `oTest${randomBytes(11).toString('base64url')}`
}
