import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Handler, Hono } from 'hono'
import { ApiError, toApiError } from '../api/api-error.ts'
import type { BodyBudget } from '../api/body/body-budget.ts'
import { hasUnstorableUrl } from '../api/body/storable-text.ts'
import { auditPage, auditView } from '../api/routes/audit-routes.ts'
import { readRun, readRunCursor, runCursor, viewItems } from '../api/routes/follower-routes.ts'
import { type ApiDeps, cursor as cursorOf, toPage } from '../api/routes/route-helpers.ts'
import { tokenPage, tokenView } from '../api/routes/token-routes.ts'
import { userView } from '../api/routes/user-routes.ts'
import { accountView } from '../api/views/account-view.ts'
import { listTargetAccounts } from '../api/views/campaign-account-view.ts'
import { campaignView } from '../api/views/campaign-view.ts'
import type { Auth } from '../auth/auth.ts'
import { hasRole } from '../auth/roles.ts'
import type { Issue } from '../campaign/issue.ts'
import { listLatestRuns } from '../store/runs/latest-runs.ts'
import { TOKEN_CSS } from './design/tokens.ts'
import { AccountsPage } from './pages/accounts-page.tsx'
import { AuditPage, TokensPage, UsersPage } from './pages/admin-pages.tsx'
import { CampaignPage, CampaignsPage } from './pages/campaign-pages.tsx'
import { ErrorPage, ForbiddenPage, NotFoundPage } from './pages/error-pages.tsx'
import { FollowerPage, FollowersPage, RunFragment } from './pages/follower-pages.tsx'
import { OverviewPage } from './pages/overview-page.tsx'
import { respond } from './respond.tsx'
import { createSecondFactorRoutes } from './second-factor-routes.tsx'
import { detectLanguage } from './shell/preferences.tsx'
import { createSignInRoutes } from './sign-in-routes.tsx'
import type { Links } from './view.ts'

const PAGE_SIZE = 50

type ConsoleDeps = ApiDeps & { auth: Auth; bodyBudget: BodyBudget; links(): Links }

/** The operator's console. Its pages read; changes are made with the CLI and the API. */
export function createConsole(deps: ConsoleDeps): Hono {
  const app = new Hono()
  app.onError((err, c) => {
    const { status, headers } = toApiError(err, c, deps.log)
    return respond(c, <ErrorPage status={status} />, status, headers)
  })
  app.use(detectLanguage)
  app.use(async (c, next) => {
    c.set('links', deps.links())
    return next()
  })
  // The store accepts no such texts, so no page has such a URL.
  app.use(async (c, next) => {
    if (hasUnstorableUrl(c.req))
      throw new ApiError(400, 'bad-request', 'The URL contains a NUL character or half of a surrogate pair.')
    return next()
  })
  serveAssets(app)
  app.route('/', createSignInRoutes(deps))
  app.route('/', createSecondFactorRoutes(deps))
  addAccountPages(app, deps)
  addCampaignPages(app, deps)
  addFollowerPages(app, deps)
  addAdminPages(app, deps)
  // A route: the app that this one is mounted in does not call its notFound.
  app.all('*', (c) => respond(c, <NotFoundPage />, 404))
  return app
}

function serveAssets(app: Hono): void {
  const read = (path: string) => readFileSync(new URL(`./assets/${path}`, import.meta.url), 'utf8')
  const htmx = readFileSync(createRequire(import.meta.url).resolve('htmx.org/dist/htmx.min.js'), 'utf8')
  app.get('/assets/console.css', asset(`${TOKEN_CSS}\n${read('console.css')}`, 'text/css; charset=utf-8'))
  app.get('/assets/icon.svg', asset(read('icon.svg'), 'image/svg+xml'))
  app.get('/assets/htmx.js', asset(htmx, 'text/javascript; charset=utf-8'))
}

function addAccountPages(app: Hono, { accounts, campaigns, now }: ConsoleDeps): void {
  const listAccounts = async () => (await accounts.list()).map((a) => accountView(a, now()))
  app.get('/', async (c) => {
    const [allAccounts, allCampaigns] = await Promise.all([listAccounts(), campaigns.list()])
    return respond(c, <OverviewPage accounts={allAccounts} campaigns={allCampaigns.map(campaignView)} />)
  })
  app.get('/accounts', async (c) => respond(c, <AccountsPage items={await listAccounts()} />))
}

function addCampaignPages(app: Hono, deps: ConsoleDeps): void {
  const { campaigns } = deps
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

function addFollowerPages(app: Hono, deps: ConsoleDeps): void {
  const { db } = deps
  app.get('/followers', async (c) => {
    const { cursor, ...query } = c.req.query()
    const status = (['active', 'paused', 'ended'] as const).find((s) => s === query.status)
    const filter = { appId: query.appId || undefined, campaign: query.campaign || undefined, status }
    const found = await listLatestRuns(db, filter, { after: readRunCursor(cursor), limit: PAGE_SIZE + 1 })
    const { items, next } = toPage(found, PAGE_SIZE, runCursor)
    const shown = await viewItems(db, items)
    return respond(c, <FollowersPage items={shown} next={next} query={query} />)
  })
  app.get('/followers/:appId/:openId', async (c) => {
    const run = await readRun(deps, c.req.param())
    if (!run) return respond(c, <NotFoundPage />, 404)
    return respond(c, <FollowerPage run={run} />)
  })
  app.get('/followers/:appId/:openId/run', async (c) => {
    const run = await readRun(deps, c.req.param())
    return run ? respond(c, <RunFragment run={run} />) : c.body(null, 404)
  })
}

/** Users, tokens and the audit log: for admins. */
function addAdminPages(app: Hono, { auth: access, db, now }: ConsoleDeps): void {
  for (const path of ['/users', '/tokens', '/audit']) {
    app.use(path, async (c, next) => {
      const { role, actor } = c.get('principal')
      if (hasRole(role, 'admin')) return next()
      access.refusals.record({ where: 'console', reason: 'role', address: access.client(c).address, actor })
      return respond(c, <ForbiddenPage />, 403)
    })
  }
  app.get('/users', async (c) => {
    const found = await access.users.list({
      after: cursorOf.read(c.req.query('cursor')),
      limit: PAGE_SIZE + 1,
    })
    const { items, next } = toPage(found, PAGE_SIZE, (u) => u.name)
    return respond(c, <UsersPage items={items.map(userView)} next={next} />)
  })
  app.get('/tokens', async (c) => {
    const { items, next } = await tokenPage(access.tokens, c.req.query('cursor'), PAGE_SIZE)
    return respond(c, <TokensPage items={items.map(tokenView)} next={next} now={now()} />)
  })
  app.get('/audit', async (c) => {
    const { items, next } = await auditPage(db, c.req.query('cursor'), PAGE_SIZE)
    return respond(c, <AuditPage items={items.map(auditView)} next={next} />)
  })
}

/** A static file. Browsers cache it, and revalidate it by its ETag each time. */
function asset(content: string, type: string): Handler {
  const bytes = new TextEncoder().encode(content)
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  const headers = { 'content-type': type, 'cache-control': 'no-cache', etag: tag }
  return (c) =>
    c.req.header('if-none-match') === tag ? c.body(null, 304, headers) : c.body(bytes, 200, headers)
}
