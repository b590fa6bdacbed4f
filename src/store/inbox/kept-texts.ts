import { sql } from 'drizzle-orm'
import { DAY_MS } from '../../shared/time-units.ts'
import type { Db } from '../db.ts'
import { accounts, inbox } from '../schema.ts'
import { execute } from '../sql.ts'

/**
 * Deletes up to `limit` kept texts that are older than their account keeps texts, or than `maxDays`, and those of accounts that
 * keep none or were removed.
 * @returns how many were deleted
 */
export async function purgeKeptTexts(
  db: Db,
  { now, maxDays, limit }: { now: number; maxDays: number; limit: number },
): Promise<number> {
  // The turns go from account to account in the index, which has no entry for accounts without kept texts.
  const { rows } = await execute(
    db,
    sql`WITH RECURSIVE holders AS (
        SELECT min(app_id) AS app_id FROM ${inbox} WHERE kept_text IS NOT NULL
        UNION ALL
        SELECT (SELECT min(i.app_id) FROM ${inbox} i WHERE i.kept_text IS NOT NULL AND i.app_id > h.app_id)
        FROM holders h WHERE h.app_id IS NOT NULL),
      old AS (
        SELECT i.id FROM holders h LEFT JOIN ${accounts} a ON a.app_id = h.app_id
        CROSS JOIN LATERAL (
          SELECT id FROM ${inbox} t
          WHERE t.app_id = h.app_id AND t.kept_text IS NOT NULL
            AND t.received_at < ${now}::bigint - LEAST(COALESCE(a.keep_texts, 0), ${maxDays}::int) * ${DAY_MS}::bigint
          ORDER BY t.received_at LIMIT ${limit}) i
        WHERE h.app_id IS NOT NULL LIMIT ${limit})
      UPDATE ${inbox} SET kept_text = NULL WHERE id IN (SELECT id FROM old) RETURNING 1`,
  )
  return rows.length
}
