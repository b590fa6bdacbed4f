import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { accounts, campaigns } from '../schema.ts'
import { execute } from '../sql.ts'

/** `fingerprint` changes with every account and campaign; `newest` is the time of the last change, epoch ms. */
export async function readConfigRevision(db: Db): Promise<{ fingerprint: string; newest: number }> {
  const { rows } = await execute<{ a: number; c: number; at: number | string; ct: number | string }>(
    db,
    sql`SELECT (SELECT count(*) FROM ${accounts}) AS a, (SELECT coalesce(max(updated_at), 0) FROM ${accounts}) AS at,
      (SELECT count(*) FROM ${campaigns}) AS c, (SELECT coalesce(max(updated_at), 0) FROM ${campaigns}) AS ct`,
  )
  const { a, at, c, ct } = rows[0] ?? { a: 0, at: 0, c: 0, ct: 0 }
  return { fingerprint: `${a}/${at}/${c}/${ct}`, newest: Math.max(Number(at), Number(ct)) }
}
