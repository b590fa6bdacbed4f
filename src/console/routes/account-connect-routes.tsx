import type { Context, Hono } from 'hono'
import { accountView } from '../../api/views/account-view.ts'
import type { Account } from '../../store/accounts/account.ts'
import { hasReceivedEvent } from '../../store/accounts/account-facts.ts'
import { readModeMismatch } from '../../store/accounts/mode-mismatch.ts'
import { readRefusedCallback } from '../../store/accounts/refused-callbacks.ts'
import { readSavedMenu } from '../../store/accounts/saved-menus.ts'
import { callbackAddress } from '../accounts/callback-address.ts'
import { type FormState, problemsOf } from '../components/forms.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { ConnectPage } from '../pages/accounts/connect-page.tsx'
import { type Connection, ConnectionCard } from '../pages/accounts/connection-card.tsx'
import { NewAccountPage } from '../pages/accounts/new-account-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'
import { requirePageRole } from './page-role.tsx'

const FIELDS = ['appId', 'name', 'appSecret', 'token', 'encodingAesKey', 'mode'] as const
type Secrets = Pick<Account, 'token' | 'encodingAesKey'>

/** A success is recorded at most once a minute, so a refusal is newer only after that time. */
const RECORDED_EVERY_MS = 60_000

/** `/accounts/new`, and `/accounts/{appId}/connect` with its card */
export function addAccountConnection(app: Hono, deps: PageDeps): void {
  app.get('/accounts/new', requirePageRole(deps, 'admin'), (c) =>
    newAccount(deps, c, { values: { mode: 'security' }, problems: {} }, 200),
  )
  formAction(app, { path: '/accounts/new', role: 'admin' }, deps, (c, field) => addAccount(deps, c, field))
  app.get('/accounts/:appId/connect', requirePageRole(deps, 'operator'), async (c) => {
    const found = await deps.accounts.find(c.req.param('appId'))
    return found?.kind === 'owned' ? connectPage(deps, c, found, null) : respond(c, <NotFoundPage />, 404)
  })
  app.get('/accounts/:appId/connection', requirePageRole(deps, 'operator'), async (c) => {
    const found = await deps.accounts.find(c.req.param('appId'))
    if (!found) return c.body(null, 404)
    return respond(c, <ConnectionCard {...(await readConnection(deps, found))} />)
  })
}

function newAccount(deps: PageDeps, c: Context, state: FormState, status: 200 | 409 | 422) {
  const path = deps.links().authorisationUrl
  const authorisationUrl = path ? new URL(path, originOf(deps, c)).href : null
  return respond(c, <NewAccountPage state={state} authorisationUrl={authorisationUrl} />, status)
}

async function addAccount(deps: PageDeps, c: Context, field: (name: string) => string) {
  const given = Object.fromEntries(FIELDS.map((name) => [name, field(name).trim()]))
  const { name, encodingAesKey, ...rest } = given
  const json = { ...rest, ...(name ? { name } : {}), encodingAesKey: encodingAesKey || null }
  const answer = await deps.api.call(c, 'POST', '/api/accounts', { json })
  const { error, status } = answer
  if (error && (status === 422 || status === 409)) {
    const problems = status === 409 ? { appId: error.message } : problemsOf(error, FIELDS)
    return newAccount(deps, c, { values: given as Record<string, string>, problems }, status)
  }
  if (error) return notDone(c, answer, '/accounts/new')
  const found = await deps.accounts.find(given.appId ?? '')
  if (!found) return respond(c, <NotFoundPage />, 404)
  return connectPage(deps, c, found, { token: found.token, encodingAesKey: found.encodingAesKey })
}

/** The address at which WeChat, and the browsers of account owners, reach this product: as configured, or as this browser does. */
function originOf({ publicUrl, auth }: PageDeps, c: Context): string {
  if (publicUrl !== null) return publicUrl
  const { host } = new URL(c.req.url)
  return `${auth.client(c).https ? 'https' : 'http'}://${host}`
}

/** @param fresh what was typed into the form that this answers. A later page does not show it */
async function connectPage(deps: PageDeps, c: Context, account: Account, fresh: Secrets | null) {
  const address = callbackAddress(originOf(deps, c), account.appId)
  const saved = await readSavedMenu(deps.db, account.appId)
  const page = (
    <ConnectPage
      account={accountView(account, deps.now())}
      address={address}
      connection={await readConnection(deps, account)}
      fresh={fresh}
      menuSavedAt={saved?.at ?? null}
    />
  )
  return respond(c, page, 200, fresh === null ? {} : { 'cache-control': 'no-store' })
}

async function readConnection({ db, now }: PageDeps, account: Account): Promise<Connection> {
  const { appId, lastCallbackAt: verifiedAt } = account
  const [refusedAt, mismatch, hasEvent] = await Promise.all([
    readRefusedCallback(db, appId),
    readModeMismatch(db, appId),
    hasReceivedEvent(db, appId),
  ])
  const isRefused = refusedAt !== null && (verifiedAt === null || refusedAt > verifiedAt + RECORDED_EVERY_MS)
  return {
    appId,
    verifiedAt,
    refused: mismatch ? 'mode' : isRefused ? 'signature' : null,
    hasEvent,
    now: now(),
  }
}
