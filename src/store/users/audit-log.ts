import { and, desc, eq, gte, lt } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { auditLog } from '../schema.ts'
import { isRefusedData } from '../store-error.ts'

export type AuditRow = typeof auditLog.$inferSelect

/** Who changed what, and when (epoch ms). `details` holds no secret. */
export interface AuditEntry {
  actor: string
  action: string
  target: string
  details?: unknown
  at: number
}

/**
 * Records a change.
 * @param tx the transaction of the change, so that both are stored or neither
 * @returns the row's id
 */
export async function writeAudit(tx: Db, entry: AuditEntry): Promise<number> {
  const { details = null, ...columns } = entry
  const insert = async (db: Db, details: unknown) => {
    const [row] = await db
      .insert(auditLog)
      .values({ ...columns, details })
      .returning({ id: auditLog.id })
    if (!row) throw new Error('The insert into the audit log returned no row')
    return row.id
  }
  if (details === null) return insert(tx, null)
  try {
    // In a savepoint, because a failed statement aborts its transaction.
    return await tx.transaction((inner) => insert(inner, details))
  } catch (err) {
    if (!isRefusedData(err)) throw err
    // The row is stored without the details that the database refuses.
    return insert(tx, { leftOut: 'the database refused the details' })
  }
}

/** Replaces the details of a row, for a change that was recorded before it was made. */
export async function amendAudit(db: Db, id: number, details: unknown): Promise<void> {
  await db.update(auditLog).set({ details }).where(eq(auditLog.id, id))
}

/** Which rows of the audit log: all that are named must hold. Times are epoch ms, `to` is excluded. */
export interface AuditFilter {
  actor?: string | undefined
  action?: string | undefined
  target?: string | undefined
  from?: number | undefined
  to?: number | undefined
}

/** Newest first, after the row with this id. */
export function listAudit(
  db: Db,
  { after, limit, filter = {} }: { after: number | null; limit: number; filter?: AuditFilter },
): Promise<AuditRow[]> {
  const { actor, action, target, from, to } = filter
  const where = and(
    after === null ? undefined : lt(auditLog.id, after),
    actor === undefined ? undefined : eq(auditLog.actor, actor),
    action === undefined ? undefined : eq(auditLog.action, action),
    target === undefined ? undefined : eq(auditLog.target, target),
    from === undefined ? undefined : gte(auditLog.at, from),
    to === undefined ? undefined : lt(auditLog.at, to),
  )
  return db.select().from(auditLog).where(where).orderBy(desc(auditLog.id)).limit(limit)
}
