import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Db } from '../../store/db.ts'
import { type AuditFilter, type AuditRow, listAudit } from '../../store/users/audit-log.ts'
import { listOf, page } from '../schemas/common-schemas.ts'
import { auditEntry } from '../schemas/user-schemas.ts'
import {
  type ApiDeps,
  createRouter,
  cursor,
  errorResponses,
  jsonResponse,
  security,
  toPage,
} from './route-helpers.ts'

/** `/api/audit` */
export function createAuditRoutes({ db }: Pick<ApiDeps, 'db'>): OpenAPIHono {
  const app = createRouter()
  app.openapi(
    createRoute({
      method: 'get',
      path: '/audit',
      summary: 'List the audit log',
      description: 'Newest entries first. All filters that are given must hold.',
      security,
      request: { query: auditQuery },
      responses: { 200: jsonResponse(listOf(auditEntry), 'One page of the list.'), ...errorResponses },
    }),
    async (c) => {
      const { cursor: from, limit, ...filter } = c.req.valid('query')
      const { items, next } = await auditPage(db, from, limit, readAuditFilter(filter))
      return c.json({ items: items.map(auditView), next }, 200)
    },
  )
  return app
}

const time = z.iso.datetime({ offset: true })
const filterText = z.string().min(1).max(200).optional()
const auditQuery = page.extend({
  actor: filterText.openapi({ description: 'The exact name of who made the change.' }),
  action: filterText.openapi({ description: 'Like `campaign.publish`.' }),
  target: filterText.openapi({ description: 'The exact id or name of what was changed.' }),
  from: time.optional(),
  to: time.optional().openapi({ description: 'Excluded.' }),
})

/** A filter of the API, with ISO times, as the store reads it. */
function readAuditFilter({
  from,
  to,
  ...exact
}: Omit<z.output<typeof auditQuery>, 'cursor' | 'limit'>): AuditFilter {
  const ms = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  return { ...exact, from: ms(from), to: ms(to) }
}

/** A page of the audit log, newest first. @throws ApiError 422 for a cursor of another list */
export async function auditPage(
  db: Db,
  from: string | undefined,
  limit: number,
  filter: AuditFilter = {},
): Promise<{ items: AuditRow[]; next: string | null }> {
  const found = await listAudit(db, { after: cursor.readNumber(from), limit: limit + 1, filter })
  return toPage(found, limit, (row) => String(row.id))
}

/** An entry as the API and the console show it: without its id, which only cursors have. */
export const auditView = ({ at, actor, action, target, details }: AuditRow) => ({
  at: new Date(at).toISOString(),
  actor,
  action,
  target,
  details,
})
