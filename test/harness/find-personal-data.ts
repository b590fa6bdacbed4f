import { sql } from 'drizzle-orm'
import type { Db } from '../../src/store/db.ts'
import { execute } from '../../src/store/sql.ts'

/** The text and JSON columns that contain one of these words, as `table.column`. */
export async function findPersonalData(db: Db, words: readonly string[]): Promise<string[]> {
  const { rows: columns } = await execute<{ table: string; column: string }>(
    db,
    sql`SELECT table_name AS table, column_name AS column FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'json', 'character varying', 'ARRAY')
      ORDER BY 1, 2`,
  )
  if (columns.length < 50)
    throw new Error(`found only ${columns.length} columns, which is not the schema of the store`)
  const found: string[] = []
  for (const { table, column } of columns) {
    const value = sql`${sql.identifier(column)}::text`
    const containsAnyWord = sql.join(
      words.map((word) => sql`position(${word} IN ${value}) > 0`),
      sql` OR `,
    )
    const { rows } = await execute(
      db,
      sql`SELECT 1 FROM ${sql.identifier(table)} WHERE ${containsAnyWord} LIMIT 1`,
    )
    if (rows.length > 0) found.push(`${table}.${column}`)
  }
  return found
}
