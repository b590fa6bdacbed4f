import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Db } from '../../store/db.ts'
import { type AuditRow, listAudit } from '../../store/users/audit-log.ts'
import { auditEntry } from '../schemas/user-schemas.ts'
import { type ApiDeps, createRouter, cursor, listRoute, toPage } from './route-helpers.ts'

/** `/api/audit` */
export function createAuditRoutes({ db }: Pick<ApiDeps, 'db'>): OpenAPIHono {
  const app = createRouter()
  app.openapi(
    listRoute('/audit', { summary: 'List the audit log', description: 'Newest entries first.' }, auditEntry),
    async (c) => {
      const { cursor: from, limit } = c.req.valid('query')
      const { items, next } = await auditPage(db, from, limit)
      return c.json({ items: items.map(auditView), next }, 200)
    },
  )
  return app
}

/** A page of the audit log, newest first. @throws ApiError 422 for a cursor of another list */
export async function auditPage(
  db: Db,
  from: string | undefined,
  limit: number,
): Promise<{ items: AuditRow[]; next: string | null }> {
  const found = await listAudit(db, { after: cursor.readNumber(from), limit: limit + 1 })
  return toPage(found, limit, (row) => String(row.id))
}

export const auditView = ({ at, actor, action, target, details }: AuditRow) => ({
  at: new Date(at).toISOString(),
  actor,
  action,
  target,
  details,
})
