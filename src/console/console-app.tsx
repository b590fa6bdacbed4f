import { type Context, Hono } from 'hono'
import { compress } from 'hono/compress'
import { ApiError, toApiError } from '../api/api-error.ts'
import { hasUnstorableUrl } from '../api/body/storable-text.ts'
import { createSessionApi, SESSION_API_PATH } from '../api/session-api.ts'
import { detectLanguage } from '../ui/preferences.ts'
import type { ConsoleDeps, PageDeps } from './console-deps.ts'
import { ErrorPage, NotFoundPage } from './pages/error-pages.tsx'
import { inReadersLanguage } from './reader-api.ts'
import { respond } from './respond.tsx'
import { addAccountConnection } from './routes/account-connect-routes.tsx'
import { addAccountDetailPages } from './routes/account-page-routes.tsx'
import { addAccountSettings } from './routes/account-settings-routes.tsx'
import { addAdminPages } from './routes/admin-routes.tsx'
import { addBulkPages } from './routes/bulk-routes.tsx'
import { addCampaignAccountPages } from './routes/campaign-account-routes.tsx'
import { addCampaignListPages } from './routes/campaign-list-routes.tsx'
import { addCampaignPages } from './routes/campaign-routes.tsx'
import { addCampaignVersionPages } from './routes/campaign-version-routes.tsx'
import { addCampaignYamlPage } from './routes/campaign-yaml-routes.tsx'
import { addDryRunPages } from './routes/dry-run-routes.tsx'
import { addEditorPages } from './routes/editor-routes.tsx'
import { addFollowerPages } from './routes/follower-routes.tsx'
import { addMediaPages } from './routes/media-routes.tsx'
import { addMenuPages } from './routes/menu-routes.tsx'
import { addNewCampaignPages } from './routes/new-campaign-routes.tsx'
import { addOverviewPages } from './routes/overview-routes.tsx'
import { addPublishPages } from './routes/publish-routes.tsx'
import { addQrcodePages } from './routes/qrcode-routes.tsx'
import { addStartPages } from './routes/start-routes.tsx'
import { addSystemPages } from './routes/system-routes.tsx'
import { addTestSendPages } from './routes/test-send-routes.tsx'
import { createSecondFactorRoutes } from './second-factor-routes.tsx'
import { serveAssets } from './serve-assets.ts'
import { createSignInRoutes } from './sign-in-routes.tsx'

/** The operator's console. Its pages read the store, and change it by calls of the operator API. */
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
  // Scripts ask before they send what somebody has typed.
  app.get('/session', (c) => c.body(null, 204))
  app.use(compress())
  const pages: PageDeps = { ...deps, api: inReadersLanguage(createSessionApi(deps)) }
  app.all(`${SESSION_API_PATH}/*`, (c) => pages.api.answer(c))
  app.route('/', createSecondFactorRoutes(deps))
  addOverviewPages(app, pages)
  addAccountSettings(app, pages)
  addAccountConnection(app, pages)
  addMenuPages(app, pages)
  addMediaPages(app, pages)
  addQrcodePages(app, pages)
  addAccountDetailPages(app, pages)
  addCampaignListPages(app, pages)
  addNewCampaignPages(app, pages)
  addCampaignPages(app, pages)
  addEditorPages(app, pages)
  addCampaignVersionPages(app, pages)
  addPublishPages(app, pages)
  addCampaignYamlPage(app, pages)
  addCampaignAccountPages(app, pages)
  addTestSendPages(app, pages)
  addDryRunPages(app, pages)
  addBulkPages(app, pages)
  addFollowerPages(app, pages)
  addAdminPages(app, pages)
  addSystemPages(app, pages)
  addStartPages(app, pages)
  // A route: the app that this one is mounted in does not call its notFound.
  app.all('*', (c: Context) => respond(c, <NotFoundPage />, 404))
  return app
}
