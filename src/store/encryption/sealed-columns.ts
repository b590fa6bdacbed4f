import { sql } from 'drizzle-orm'
import type { Db } from '../db.ts'
import { execute } from '../sql.ts'

/** All columns of encrypted text, with the key of their table. A test checks that none is missing. */
export const SEALED_COLUMNS = [
  { table: 'accounts', key: 'app_id', column: 'app_secret_sealed' },
  { table: 'accounts', key: 'app_id', column: 'token_sealed' },
  { table: 'accounts', key: 'app_id', column: 'encoding_aes_key_sealed' },
  { table: 'accounts', key: 'app_id', column: 'previous_token_sealed' },
  { table: 'accounts', key: 'app_id', column: 'previous_aes_key_sealed' },
  { table: 'accounts', key: 'app_id', column: 'refresh_token_sealed' },
  { table: 'accounts', key: 'app_id', column: 'forward_sealed' },
  { table: 'access_tokens', key: 'app_id', column: 'token_sealed' },
  { table: 'component_tickets', key: 'component_app_id', column: 'ticket_sealed' },
  { table: 'platform_events', key: 'id', column: 'code_sealed' },
  { table: 'users', key: 'name', column: 'totp_secret_sealed' },
  { table: 'webhook_endpoints', key: 'name', column: 'secret_sealed' },
  { table: 'webhook_endpoints', key: 'name', column: 'previous_secret_sealed' },
  { table: 'hooks', key: 'name', column: 'secret_sealed' },
  { table: 'hooks', key: 'name', column: 'previous_secret_sealed' },
] as const
export type SealedColumn = (typeof SEALED_COLUMNS)[number]

/** Texts of a column that do not start with `prefix`, in the order of their keys as text, after `after`. */
export async function findSealedOtherwise(
  db: Db,
  { table, key, column }: SealedColumn,
  { prefix, after, limit }: { prefix: string; after: string; limit: number },
): Promise<{ key: string; text: string }[]> {
  const [t, k, c] = [sql.identifier(table), sql.identifier(key), sql.identifier(column)]
  const { rows } = await execute<{ key: string; text: string }>(
    db,
    sql`SELECT ${k}::text AS key, ${c} AS text FROM ${t}
      WHERE ${c} IS NOT NULL AND left(${c}, ${prefix.length}) <> ${prefix} AND ${k}::text > ${after}
      ORDER BY ${k}::text LIMIT ${limit}`,
  )
  return rows
}

/** Replaces a text. False when it has changed meanwhile. */
export async function replaceSealed(
  db: Db,
  { table, key, column }: SealedColumn,
  row: string,
  from: string,
  to: string,
): Promise<boolean> {
  const [t, k, c] = [sql.identifier(table), sql.identifier(key), sql.identifier(column)]
  const { rows } = await execute<{ key: string }>(
    db,
    sql`UPDATE ${t} SET ${c} = ${to} WHERE ${k}::text = ${row} AND ${c} = ${from} RETURNING ${k}::text AS key`,
  )
  return rows.length > 0
}

/** Any encrypted text of the store; null when there is none. */
export async function anySealed(db: Db): Promise<string | null> {
  for (const column of SEALED_COLUMNS) {
    const [row] = await findSealedOtherwise(db, column, { prefix: '-', after: '', limit: 1 })
    if (row) return row.text
  }
  return null
}
