import type { Db } from './db.ts'
import { auditLog } from './schema.ts'

/** Notes who changed what. `details` holds no secret. */
export async function writeAudit(
  db: Db,
  entry: { actor: string; action: string; target: string; details?: unknown; at: number },
): Promise<void> {
  await db.insert(auditLog).values({ ...entry, details: entry.details ?? null })
}
