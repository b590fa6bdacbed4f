import type { Context, Hono } from 'hono'
import { accountView } from '../../api/views/account-view.ts'
import type { Account } from '../../store/accounts/account.ts'
import { readSavedMenu } from '../../store/accounts/saved-menus.ts'
import type { Menu } from '../../wechat/rules/menu.ts'
import { MENU_FIELDS, menuValues, readMenuForm } from '../accounts/menu-form.ts'
import { problemsOf } from '../components/forms.tsx'
import type { PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { MenuPage, type MenuSource } from '../pages/accounts/menu-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { accountPath } from '../paths.ts'
import { respond } from '../respond.tsx'
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
    const state = { values: menuValues(menu), problems: {} }
    return respond(c, <MenuPage account={accountView(found, deps.now())} state={state} source={source} />)
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
  const { menu, fieldOf } = readMenuForm(field)
  const answer = await deps.api.call(c, 'PUT', `${api}/menu`, { json: menu })
  if (!answer.error) return done(c, `${page}/menu`, 'menuPublished')
  const found = await deps.accounts.find(appId)
  if (!found) return respond(c, <NotFoundPage />, 404)
  if (answer.status !== 422 && answer.status !== 503) return notDone(c, answer, `${page}/menu`)
  const values = Object.fromEntries(MENU_FIELDS.map((name) => [name, field(name)]))
  const problems = problemsOf(answer.error, MENU_FIELDS, undefined, fieldOf)
  return respond(
    c,
    <MenuPage
      account={accountView(found, deps.now())}
      state={{ values, problems }}
      source={{ from: 'typed' }}
    />,
    answer.status,
  )
}
