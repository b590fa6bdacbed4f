import { getTableColumns, type InferSelectModel, type SQL, type Table } from 'drizzle-orm'
import type { Db } from './db.ts'

/** Runs a hand-written statement. Numbers have the type of the driver: a bigint may be a string. */
export async function execute<T>(db: Pick<Db, 'execute'>, statement: SQL): Promise<{ rows: T[] }> {
  // The common base type of the drivers has no type for results. Both return `rows`.
  return (await db.execute(statement)) as unknown as { rows: T[] }
}

/** A row of this table, from its columns by their names in the database as `to_jsonb` gives them. */
export function readRow<T extends Table>(table: T, raw: Record<string, unknown>): InferSelectModel<T> {
  const columns = Object.entries(getTableColumns(table))
  const entries = columns.map(([name, { name: column }]) => [name, raw[column] ?? null])
  return Object.fromEntries(entries) as InferSelectModel<T>
}
