import type { Context, Hono } from 'hono'
import { type AccountCheck, clockChecks } from '../../api/verify-account.ts'
import { accountView } from '../../api/views/account-view.ts'
import type { Account } from '../../store/accounts/account.ts'
import { countOpenRuns, readTokenTimes } from '../../store/accounts/account-facts.ts'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { AccountChecks } from '../pages/accounts/account-checks.tsx'
import { type AccountDetails, AccountPage } from '../pages/accounts/account-page.tsx'
import type { ShownAccount } from '../pages/accounts/account-parts.tsx'
import { AccountsPage } from '../pages/accounts/accounts-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { accountPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { ACCOUNT_PAGE_TEXTS } from '../texts/account-texts.ts'

/** More runs than this are not counted for the page. */
const MOST_RUNS = 10_000

/** `/accounts` and `/accounts/{appId}` */
export function addAccountDetailPages(app: Hono, deps: PageDeps): void {
  app.get('/accounts', async (c) => {
    const items = await shownAccounts(deps, await deps.accounts.list())
    return respond(c, <AccountsPage items={items} />)
  })
  app.get('/accounts/:appId', async (c) => {
    const details = await readDetails(deps, c.req.param('appId'))
    return details ? respond(c, <AccountPage {...details} />) : respond(c, <NotFoundPage />, 404)
  })
  addStateActions(app, deps)
  addChecks(app, deps)
  addRemoval(app, deps)
}

/** The accounts as their pages show them. */
async function shownAccounts(deps: PageDeps, accounts: readonly Account[]): Promise<ShownAccount[]> {
  const now = deps.now()
  const tokens = await readTokenTimes(
    deps.db,
    accounts.map(({ appId }) => appId),
  )
  return accounts.map((account) => ({
    account: accountView(account, now),
    lastCallbackAt: account.lastCallbackAt,
    token: tokens.get(account.appId) ?? null,
    now,
  }))
}

async function readDetails(deps: PageDeps, appId: string): Promise<AccountDetails | null> {
  const found = await deps.accounts.find(appId)
  if (!found) return null
  const [shown] = await shownAccounts(deps, [found])
  if (!shown) return null
  const report = deps.skewMonitor.reportFor(found.apiBase)
  return {
    ...shown,
    clock: report && { skewMs: report.skewMs, ok: clockChecks(report).every((check) => check.ok) },
    counts: deps.callbackCounts,
    activeRuns: await countOpenRuns(deps.db, appId, MOST_RUNS),
  }
}

/** The path of an account's page, and of its routes in the API. */
export function accountPaths(c: Context): { appId: string; page: string; api: string } {
  const appId = c.req.param('appId') ?? ''
  const page = accountPath(appId)
  return { appId, page, api: `/api${page}` }
}

function addStateActions(app: Hono, deps: PageDeps): void {
  for (const [verb, state, notice] of [
    ['pause', 'paused', 'paused'],
    ['resume', 'active', 'resumed'],
  ] as const) {
    formAction(app, { path: `/accounts/:appId/${verb}`, role: 'operator' }, deps, async (c) => {
      const { page, api } = accountPaths(c)
      const answer = await deps.api.call(c, 'PATCH', api, { json: { state } })
      if (answer.error) return notDone(c, answer, page)
      return done(c, page, notice, (answer.body as { name: string }).name)
    })
  }
}

/** `POST /accounts/{appId}/checks`: a part of the page for htmx, the page for browsers without scripts. */
function addChecks(app: Hono, deps: PageDeps): void {
  formAction(app, { path: '/accounts/:appId/checks', role: 'operator' }, deps, async (c) => {
    const { appId, page, api } = accountPaths(c)
    const answer = await deps.api.call(c, 'POST', `${api}/verify`)
    if (answer.error) return notDone(c, answer, page)
    const { checks } = answer.body as { checks: AccountCheck[] }
    if (c.req.header('hx-request')) return respond(c, <AccountChecks appId={appId} results={checks} />)
    const details = await readDetails(deps, appId)
    return details
      ? respond(c, <AccountPage {...details} checks={checks} />)
      : respond(c, <NotFoundPage />, 404)
  })
}

function addRemoval(app: Hono, deps: PageDeps): void {
  formAction(app, { path: '/accounts/:appId/remove', role: 'admin' }, deps, async (c, field) => {
    const { appId, page, api } = accountPaths(c)
    const details = await readDetails(deps, appId)
    if (!details) return respond(c, <NotFoundPage />, 404)
    if (field('confirm').trim() !== appId) {
      const { wrongConfirmation } = ACCOUNT_PAGE_TEXTS[languageOf(c)]
      const removal = { values: { confirm: field('confirm') }, problems: { confirm: wrongConfirmation } }
      return respond(c, <AccountPage {...details} removal={removal} />, 422)
    }
    const answer = await deps.api.call(c, 'DELETE', `${api}?cancel=true`)
    if (answer.error) return notDone(c, answer, page)
    return done(c, '/accounts', 'accountRemoved', details.account.name)
  })
}
