import type { Context, Hono } from 'hono'
import { accountView } from '../../api/views/account-view.ts'
import type { Account } from '../../store/accounts/account.ts'
import { readSavedMenu } from '../../store/accounts/saved-menus.ts'
import type { Menu } from '../../wechat/rules/menu.ts'
import { MENU_FIELDS, menuValues, partOf, readMenuForm } from '../accounts/menu-form.ts'
import { bothVersions, markOf } from '../both-versions.ts'
import { problemsOf } from '../components/forms.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { MenuPage, type MenuSource } from '../pages/accounts/menu-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { accountPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { languageOf } from '../shell/preferences.tsx'
import { MENU_TEXTS } from '../texts/menu-texts.ts'
import { accountPaths } from './account-page-routes.tsx'
import { requirePageRole } from './page-role.tsx'

/** 18 buttons, each with an address of 1,024 bytes in percent encoding. */
const MAX_FORM_BYTES = 128 * 1024

/** `/accounts/{appId}/menu` and its forms */
export function addMenuPages(app: Hono, deps: PageDeps): void {
  app.get('/accounts/:appId/menu', requirePageRole(deps, 'operator'), async (c) => {
    const found = await deps.accounts.find(c.req.param('appId'))
    if (!found) return respond(c, <NotFoundPage />, 404)
    const { menu, source } = await readMenuOf(deps, c, found)
    const values = menuValues(menu)
    const page = { account: accountView(found, deps.now()), state: { values, problems: {} }, source }
    return respond(c, <MenuPage {...page} mark={markOf(values)} />)
  })
  const publishing = { path: '/accounts/:appId/menu', role: 'operator', maxBytes: MAX_FORM_BYTES } as const
  formAction(app, publishing, deps, (c, field) => publishMenu(deps, c, field))
  formAction(app, { path: '/accounts/:appId/menu/save', role: 'operator' }, deps, async (c, field) => {
    const { page, api } = accountPaths(c)
    const from = field('back') === 'connect' ? 'connect' : 'menu'
    const answer = await deps.api.call(c, 'POST', `${api}/menu/saved`)
    if (answer.error) return notDone(c, answer, `${page}/${from}`)
    return done(c, `${page}/${from}`, 'menuSaved', (answer.body as { button: unknown[] }).button.length)
  })
  formAction(app, { path: '/accounts/:appId/menu/remove', role: 'operator' }, deps, async (c) => {
    const { page, api } = accountPaths(c)
    const answer = await deps.api.call(c, 'DELETE', `${api}/menu`)
    if (answer.error) return notDone(c, answer, `${page}/menu`)
    return done(c, `${page}/menu`, 'menuRemoved')
  })
}

/** The menu at WeChat; without one, the saved menu. */
async function readMenuOf(
  deps: PageDeps,
  c: Context,
  { appId }: Account,
): Promise<{ menu: Menu | null; source: MenuSource }> {
  const answer = await deps.api.call(c, 'GET', `/api${accountPath(appId)}/menu`)
  if (!answer.error) {
    const { source, button } = answer.body as Menu & { source: 'api' | 'console' }
    return { menu: { button }, source: { from: source } }
  }
  const saved = await readSavedMenu(deps.db, appId)
  if (answer.status !== 404) {
    const { message } = answer.error
    return { menu: saved?.menu ?? null, source: { from: 'unreadable', message } }
  }
  return saved
    ? { menu: saved.menu, source: { from: 'saved', at: saved.at } }
    : { menu: null, source: { from: 'none' } }
}

async function publishMenu(deps: PageDeps, c: Context, field: (name: string) => string) {
  const { appId, page, api } = accountPaths(c)
  const found = await deps.accounts.find(appId)
  if (!found) return respond(c, <NotFoundPage />, 404)
  const values = Object.fromEntries(MENU_FIELDS.map((name) => [name, field(name)]))
  const refuse = (problems: Record<string, string>, status: 409 | 422 | 503, mark: string) => {
    const account = accountView(found, deps.now())
    const shown = { account, state: { values, problems }, source: { from: 'typed' } as const, mark }
    return respond(c, <MenuPage {...shown} />, status)
  }
  const seen = field('seen')
  if (seen !== '') {
    const { menu: current, source } = await readMenuOf(deps, c, found)
    const stored = menuValues(current)
    if (source.from !== 'unreadable' && seen !== markOf(stored))
      return refuse(otherMenu(values, stored, languageOf(c)), 409, markOf(stored))
  }
  const { menu, fieldOf } = readMenuForm(field)
  const answer = await deps.api.call(c, 'PUT', `${api}/menu`, { json: menu })
  if (!answer.error) return done(c, `${page}/menu`, 'menuPublished')
  if (answer.status !== 422 && answer.status !== 503) return notDone(c, answer, `${page}/menu`)
  return refuse(problemsOf(answer.error, MENU_FIELDS, undefined, fieldOf), answer.status, seen)
}

/** The menu that was typed beside the one that somebody else has published. */
function otherMenu(typed: Record<string, string>, stored: Record<string, string>, language: 'zh' | 'en') {
  const { publish, kinds } = MENU_TEXTS[language]
  // A place without a button has no values, and its kind says nothing.
  const places = Object.fromEntries(
    MENU_FIELDS.filter((name) => partOf(name) !== 'kind').map((name) => [name, stored[name] ?? '']),
  )
  const isKind = (value: string): value is keyof typeof kinds => Object.hasOwn(kinds, value)
  const shown = (name: string, value: string): string | null => {
    const part = partOf(name)
    if (part === 'kind') return isKind(value) ? kinds[value] : value
    return part === 'other' ? null : value
  }
  return bothVersions(typed, { ...places, ...stored }, { language, submit: publish, shown })
}
