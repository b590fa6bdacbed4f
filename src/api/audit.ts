import type { OpenAPIHono } from '@hono/zod-openapi'
import { type AuditRow, listAudit } from '../store/audit.ts'
import type { Db } from '../store/db.ts'
import { type ApiDeps, createPart, cursor, listRoute, pageOf } from './kit.ts'
import { auditEntry } from './people-schemas.ts'

/** `/api/audit`: who changed what. */
export function createAudit({ db }: Pick<ApiDeps, 'db'>): OpenAPIHono {
  const app = createPart()
  app.openapi(listRoute('/audit', 'Who changed what, newest first', auditEntry), async (c) => {
    const { cursor: from, limit } = c.req.valid('query')
    const { items, next } = await auditPage(db, from, limit)
    return c.json({ items: items.map(auditView), next }, 200)
  })
  return app
}

/** A page of changes, newest first. @throws ApiError 422 for a cursor of another list */
export async function auditPage(
  db: Db,
  from: string | undefined,
  limit: number,
): Promise<{ items: AuditRow[]; next: string | null }> {
  const found = await listAudit(db, { after: cursor.readNumber(from), limit: limit + 1 })
  return pageOf(found, limit, (row) => String(row.id))
}

export const auditView = ({ at, actor, action, target, details }: AuditRow) => ({
  at: new Date(at).toISOString(),
  actor,
  action,
  target,
  details,
})
