import { desc, lt } from 'drizzle-orm'
import type { Db } from './db.ts'
import { auditLog } from './schema.ts'
import { isRefusedData } from './store-error.ts'

export type AuditRow = typeof auditLog.$inferSelect

/** Notes who changed what. `details` holds no secret. */
export async function writeAudit(
  db: Db,
  entry: { actor: string; action: string; target: string; details?: unknown; at: number },
): Promise<void> {
  const { details = null, ...what } = entry
  try {
    await db.insert(auditLog).values({ ...what, details })
  } catch (err) {
    // What was done is done: the log says so, without what the store refuses for good.
    if (details === null || !isRefusedData(err)) throw err
    await db.insert(auditLog).values({ ...what, details: { leftOut: 'the store refused the details' } })
  }
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
