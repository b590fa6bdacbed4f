import type { Hono } from 'hono'
import { auditPage, auditView } from '../../api/routes/audit-routes.ts'
import { cursor as cursorOf, toPage } from '../../api/routes/route-helpers.ts'
import { tokenPage, tokenView } from '../../api/routes/token-routes.ts'
import { userView } from '../../api/routes/user-routes.ts'
import { PAGE_SIZE, type PageDeps } from '../console-deps.ts'
import { AuditPage, TokensPage, UsersPage } from '../pages/admin-pages.tsx'
import { respond } from '../respond.tsx'
import { requirePageRole } from './page-role.tsx'

/** Users, tokens and the audit log: for admins. */
export function addAdminPages(app: Hono, deps: PageDeps): void {
  const { auth: access, db, now } = deps
  for (const path of ['/users', '/tokens', '/audit']) app.use(path, requirePageRole(deps, 'admin'))
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
