import { desc, eq, lt } from 'drizzle-orm'
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
 * Notes a change; `tx` is the transaction that makes it, so that neither is there without the other.
 * @returns the row's id
 */
export async function writeAudit(tx: Db, entry: AuditEntry): Promise<number> {
  const { details = null, ...columns } = entry
  const insert = async (db: Db, details: unknown) => {
    const [row] = await db
      .insert(auditLog)
      .values({ ...columns, details })
      .returning({ id: auditLog.id })
    if (!row) throw new Error('the store took a row of the audit log and gave nothing back')
    return row.id
  }
  if (details === null) return insert(tx, null)
  try {
    // In a savepoint: the database goes on in no transaction that one of its statements failed in.
    return await tx.transaction((inner) => insert(inner, details))
  } catch (err) {
    if (!isRefusedData(err)) throw err
    // The log says what is done, without what the store refuses for good.
    return insert(tx, { leftOut: 'the store refused the details' })
  }
}

/** Says more of a change that was noted before it was made: what came of it. */
export async function amendAudit(db: Db, id: number, details: unknown): Promise<void> {
  await db.update(auditLog).set({ details }).where(eq(auditLog.id, id))
}

/** Newest first, beginning after the row with this id. */
export function listAudit(
  db: Db,
  { after, limit }: { after: number | null; limit: number },
): Promise<AuditRow[]> {
  return db
    .select()
    .from(auditLog)
    .where(after === null ? undefined : lt(auditLog.id, after))
    .orderBy(desc(auditLog.id))
    .limit(limit)
}
