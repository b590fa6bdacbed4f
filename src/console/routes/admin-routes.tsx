import type { Context, Hono } from 'hono'
import { auditPage, auditView } from '../../api/routes/audit-routes.ts'
import { cursor as cursorOf, toPage } from '../../api/routes/route-helpers.ts'
import { tokenPage, tokenView } from '../../api/routes/token-routes.ts'
import { userView } from '../../api/routes/user-routes.ts'
import { normalizeUserName } from '../../auth/principal.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import type { AuditFilter } from '../../store/users/audit-log.ts'
import type { User } from '../../store/users/user-store.ts'
import { type FormState, problemsOf } from '../components/forms.tsx'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { formAction, notDone } from '../form-action.tsx'
import { done } from '../notice.ts'
import { AUDIT_FILTERS, AuditPage, type AuditQuery } from '../pages/audit-page.tsx'
import { NotFoundPage } from '../pages/error-pages.tsx'
import { markOfUser, UserPage, UsersPage } from '../pages/people-pages.tsx'
import { CreatedTokenPage, TokensPage } from '../pages/token-pages.tsx'
import { userPath } from '../paths.ts'
import { respond } from '../respond.tsx'
import { requirePageRole } from './page-role.tsx'

/** Users, tokens and the audit log: for admins. */
export function addAdminPages(app: Hono, deps: PageDeps): void {
  for (const path of ['/users', '/users/:name', '/tokens', '/audit'])
    app.get(path, requirePageRole(deps, 'admin'))
  addUserPages(app, deps)
  addUserActions(app, deps)
  addTokenPages(app, deps)
  addAuditPage(app, deps)
}

function addUserPages(app: Hono, deps: PageDeps): void {
  const { api, auth: access } = deps
  const list = async (c: Context, added?: FormState) => {
    const found = await access.users.list({
      after: cursorOf.read(c.req.query('cursor')),
      limit: PAGE_SIZE + 1,
    })
    const { items, next } = toPage(found, PAGE_SIZE, (u) => u.name)
    const page = <UsersPage items={items.map(userView)} next={next} {...(added ? { added } : {})} />
    return respond(c, page, added ? 422 : 200)
  }
  app.get('/users', (c) => list(c))
  app.get('/users/:name', async (c) => {
    const user = await access.users.find(normalizeUserName(c.req.param('name')))
    return user ? respond(c, <UserPage user={userView(user)} />) : respond(c, <NotFoundPage />, 404)
  })
  formAction(app, { path: '/users', role: 'admin' }, deps, async (c, field) => {
    const json = { name: field('name'), role: field('role'), password: field('password') }
    const answer = await api.call(c, 'POST', '/api/users', { json })
    if (!answer.error) return done(c, '/users', 'userAdded', (answer.body as { name: string }).name)
    if (answer.status !== 422 && answer.status !== 409) return notDone(c, answer, '/users')
    const error =
      answer.status === 409
        ? { ...answer.error, issues: [{ path: 'name', message: answer.error.message }] }
        : answer.error
    return list(c, {
      values: { name: json.name, role: json.role },
      problems: problemsOf(error, ['name', 'role', 'password']),
    })
  })
}

function addUserActions(app: Hono, deps: PageDeps): void {
  addUserChanges(app, deps)
  addUserEnabling(app, deps)
  const { api } = deps
  const simple = (
    verb: string,
    call: { method: 'PATCH' | 'DELETE'; path?: string; json?: object },
    notice: 'userDisabled' | 'secondFactorReset' | 'userRemoved',
  ) =>
    formAction(app, { path: `/users/:name/${verb}`, role: 'admin' }, deps, async (c) => {
      const name = c.req.param('name') ?? ''
      const { method, path = '', json } = call
      const answer = await api.call(c, method, `/api${userPath(name)}${path}`, json ? { json } : {})
      if (answer.error) return notDone(c, answer, userPath(name))
      return done(c, notice === 'userRemoved' ? '/users' : userPath(name), notice, name)
    })
  simple('disable', { method: 'PATCH', json: { disabled: true } }, 'userDisabled')
  simple('reset-second-factor', { method: 'DELETE', path: '/second-factor' }, 'secondFactorReset')
  simple('remove', { method: 'DELETE' }, 'userRemoved')
}

/** A new password takes effect whatever else has changed: it ends the sessions, and the audit log has each one. */
function addUserChanges(app: Hono, deps: PageDeps): void {
  const { api, auth: access } = deps
  const change = (form: 'role' | 'password', notice: 'saved' | 'passwordChanged') =>
    formAction(app, { path: `/users/:name/${form}`, role: 'admin' }, deps, async (c, field) => {
      const name = c.req.param('name') ?? ''
      const user = await access.users.find(normalizeUserName(name))
      if (!user) return respond(c, <NotFoundPage />, 404)
      const values: FormState['values'] = form === 'role' ? { role: field('role') } : {}
      if (form === 'role' && field('role') !== user.role && isOutdated(user, field('seen')))
        return respond(c, <UserPage user={userView(user)} outdated={{ form, values }} />, 409)
      const answer = await api.call(c, 'PATCH', `/api${userPath(name)}`, { json: { [form]: field(form) } })
      if (!answer.error) return done(c, userPath(name), notice, name)
      if (answer.status !== 422) return notDone(c, answer, '/users')
      const state = { values, problems: problemsOf(answer.error, [form]) }
      return respond(c, <UserPage user={userView(user)} refused={{ form, state }} />, 422)
    })
  change('role', 'saved')
  change('password', 'passwordChanged')
}

/** Whoever enables a user gives back what the role allows, so must know the role. Disabling is never refused. */
function addUserEnabling(app: Hono, deps: PageDeps): void {
  const { api, auth: access } = deps
  formAction(app, { path: '/users/:name/enable', role: 'admin' }, deps, async (c, field) => {
    const name = c.req.param('name') ?? ''
    const user = await access.users.find(normalizeUserName(name))
    if (user?.disabledAt && isOutdated(user, field('seen')))
      return respond(c, <UserPage user={userView(user)} outdated={{ form: 'enable', values: {} }} />, 409)
    const answer = await api.call(c, 'PATCH', `/api${userPath(name)}`, { json: { disabled: false } })
    return answer.error ? notDone(c, answer, userPath(name)) : done(c, userPath(name), 'userEnabled', name)
  })
}

/** Whether somebody has changed the user since the page with this mark. A request without a mark comes from no page. */
const isOutdated = (user: User, seen: string) => seen !== '' && seen !== markOfUser(userView(user))

function addTokenPages(app: Hono, deps: PageDeps): void {
  const { api, auth: access, now } = deps
  const list = async (c: Context, added?: FormState) => {
    const { items, next } = await tokenPage(access.tokens, c.req.query('cursor'), PAGE_SIZE)
    const page = (
      <TokensPage items={items.map(tokenView)} next={next} now={now()} {...(added ? { added } : {})} />
    )
    return respond(c, page, added ? 422 : 200)
  }
  app.get('/tokens', (c) => list(c))
  formAction(app, { path: '/tokens', role: 'admin' }, deps, async (c, field) => {
    const values = { name: field('name'), role: field('role'), expires: field('expires') }
    const { expires, ...rest } = values
    const json = expires === '' ? rest : { ...rest, expires }
    const answer = await api.call(c, 'POST', '/api/tokens', { json })
    if (!answer.error) {
      const { name, token } = answer.body as { name: string; token: string }
      return respond(c, <CreatedTokenPage name={name} token={token} />)
    }
    if (answer.status !== 422) return notDone(c, answer, '/tokens')
    return list(c, { values, problems: problemsOf(answer.error, ['name', 'role', 'expires']) })
  })
  formAction(app, { path: '/tokens/:id/revoke', role: 'admin' }, deps, async (c) => {
    const id = encodeURIComponent(c.req.param('id') ?? '')
    const answer = await api.call(c, 'DELETE', `/api/tokens/${id}`)
    return answer.error ? notDone(c, answer, '/tokens') : done(c, '/tokens', 'tokenRevoked')
  })
}

function addAuditPage(app: Hono, { db }: PageDeps): void {
  app.get('/audit', async (c) => {
    const { cursor, ...given } = c.req.query()
    const query: AuditQuery = {}
    for (const name of AUDIT_FILTERS) if (given[name]) query[name] = given[name]
    const { items, next } = await auditPage(db, cursor, PAGE_SIZE, auditFilter(query))
    return respond(c, <AuditPage items={items.map(auditView)} next={next} query={query} />)
  })
}

/** Days of the form are whole days of Beijing. A day that cannot be read does not filter. */
function auditFilter({ from, to, ...exact }: AuditQuery): AuditFilter {
  const dayStart = (day: string | undefined) => {
    const at = /^\d{4}-\d\d-\d\d$/.test(day ?? '') ? Date.parse(`${day}T00:00:00+08:00`) : Number.NaN
    return Number.isNaN(at) ? undefined : at
  }
  const last = dayStart(to)
  return { ...exact, from: dayStart(from), to: last === undefined ? undefined : last + DAY_MS }
}
