import type { MiddlewareHandler } from 'hono'
import { hasRole, type Role } from '../../auth/roles.ts'
import type { PageDeps } from '../console-deps.ts'
import { ForbiddenPage } from '../pages/error-pages.tsx'
import { respond } from '../respond.tsx'

/** Lets only users with a role see a page. Others learn which role it needs. */
export function requirePageRole({ auth: access }: Pick<PageDeps, 'auth'>, needed: Role): MiddlewareHandler {
  return async function pageRole(c, next) {
    const { role, actor } = c.get('principal')
    if (hasRole(role, needed)) return next()
    access.refusals.record({ where: 'console', reason: 'role', address: access.client(c).address, actor })
    return respond(c, <ForbiddenPage />, 403)
  }
}
