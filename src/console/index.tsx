import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { secureHeaders } from 'hono/secure-headers'
import { accountView } from '../api/accounts.ts'
import type { Auth } from '../api/auth.ts'
import { accountsOf } from '../api/campaign-accounts.ts'
import { itemView as campaignView } from '../api/campaigns.ts'
import { readRun, viewItems } from '../api/followers.ts'
import { type ApiDeps, cursor as cursorOf, pageOf } from '../api/kit.ts'
import type { Issue } from '../campaign/issue.ts'
import { listLatestRuns } from '../store/run-list.ts'
import { AccountsPage } from './accounts-page.tsx'
import { CampaignPage, CampaignsPage } from './campaign-pages.tsx'
import { FollowerPage, FollowersPage, RunFragment } from './follower-pages.tsx'
import type { Links } from './layout.tsx'
import { MissingPage, SignInPage } from './pages.tsx'

const SESSION_COOKIE = 'nurture_session'
const PAGE = 50

/** The operator's console: reads only; what changes something is the CLI's and the API's. */
export function createConsole(deps: ApiDeps & { auth: Auth; links(): Links }): Hono {
  const { auth, accounts, campaigns, db, now } = deps
  const app = new Hono()
  const style = readFileSync(new URL('./assets/console.css', import.meta.url), 'utf8')
  const icon = readFileSync(new URL('./assets/icon.svg', import.meta.url), 'utf8')
  const htmx = readFileSync(createRequire(import.meta.url).resolve('htmx.org/dist/htmx.min.js'), 'utf8')

  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'self'"], frameAncestors: ["'none'"], formAction: ["'self'"] },
      referrerPolicy: 'no-referrer',
    }),
  )
  app.get('/assets/console.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/assets/icon.svg', (c) => c.body(icon, 200, { 'content-type': 'image/svg+xml' }))
  app.get('/assets/htmx.js', (c) => c.body(htmx, 200, { 'content-type': 'text/javascript; charset=utf-8' }))

  const signIn = (c: Parameters<typeof setCookie>[0]) => {
    setCookie(c, SESSION_COOKIE, auth.newSession(), { httpOnly: true, sameSite: 'Strict', path: '/' })
  }
  app.get('/signin', (c) => {
    const token = c.req.query('token')
    if (token === undefined) return c.html(<SignInPage wrong={false} />)
    if (!auth.isToken(token)) return c.html(<SignInPage wrong={true} />, 401)
    signIn(c)
    return c.redirect('/')
  })
  app.post('/signin', async (c) => {
    const { token } = await c.req.parseBody()
    if (typeof token !== 'string' || !auth.isToken(token)) return c.html(<SignInPage wrong={true} />, 401)
    signIn(c)
    return c.redirect('/')
  })
  app.post('/signout', (c) => {
    deleteCookie(c, SESSION_COOKIE, { path: '/' })
    return c.redirect('/signin')
  })
  app.use(async (c, next) => {
    if (!auth.isSession(getCookie(c, SESSION_COOKIE))) return c.redirect('/signin')
    return next()
  })

  app.get('/', async (c) => {
    const items = (await accounts.list()).map((a) => accountView(a, now()))
    return c.html(<AccountsPage items={items} links={deps.links()} />)
  })
  app.get('/campaigns', async (c) => {
    const items = (await campaigns.list()).map(campaignView)
    return c.html(<CampaignsPage items={items} links={deps.links()} />)
  })
  app.get('/campaigns/:id', async (c) => {
    const found = await campaigns.find(c.req.param('id'))
    if (!found) return c.html(<MissingPage links={deps.links()} />, 404)
    const { version, source } = found
    // Written by our own check.
    const warnings = (version?.warnings ?? []) as Issue[]
    const after = cursorOf.read(c.req.query('cursor'))
    const all = version ? await accountsOf(deps, version.model, { after, limit: PAGE + 1 }) : []
    const served = pageOf(all, PAGE, (a) => a.appId)
    return c.html(
      <CampaignPage
        item={campaignView(found)}
        accounts={served}
        source={source}
        warnings={warnings}
        links={deps.links()}
      />,
    )
  })
  app.get('/followers', async (c) => {
    const { cursor, ...query } = c.req.query()
    const status = (['active', 'paused', 'ended'] as const).find((s) => s === query.status)
    const filter = { appId: query.appId || undefined, campaign: query.campaign || undefined, status }
    const [createdAt, runKey] = Buffer.from(cursor ?? '', 'base64url')
      .toString()
      .split(' ')
    const after = createdAt && runKey ? { createdAt: Number(createdAt), runKey } : null
    const found = await listLatestRuns(db, filter, { after, limit: PAGE + 1 })
    const { items, next } = pageOf(found, PAGE, (r) => `${r.createdAt} ${r.runKey}`)
    const shown = await viewItems(db, items)
    return c.html(<FollowersPage items={shown} next={next} query={query} links={deps.links()} />)
  })
  app.get('/followers/:appId/:openId', async (c) => {
    const run = await readRun(db, c.req.param())
    if (!run) return c.html(<MissingPage links={deps.links()} />, 404)
    return c.html(<FollowerPage run={run} links={deps.links()} />)
  })
  app.get('/followers/:appId/:openId/run', async (c) => {
    const run = await readRun(db, c.req.param())
    return run ? c.html(<RunFragment run={run} />) : c.body(null, 404)
  })
  // A route, since the app that this one becomes part of does not ask for its notFound.
  app.all('*', (c) => c.html(<MissingPage links={deps.links()} />, 404))
  return app
}
