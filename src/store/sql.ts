import { getTableColumns, type InferSelectModel, type Query, type SQL, sql, type Table } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Db } from './db.ts'

/** Runs a hand-written statement. Numbers have the type of the driver: a bigint may be a string. */
export async function execute<T>(db: Pick<Db, 'execute'>, statement: SQL): Promise<{ rows: T[] }> {
  // The common base type of the drivers has no type for results. Both return `rows`.
  return (await db.execute(statement)) as unknown as { rows: T[] }
}

/**
 * A hand-written statement that is compiled once. drizzle otherwise compiles it for each execution, which costs as much as
 * PGlite's answer.
 * @param build the statement, with `value(name)` in place of each value
 */
export function compiledStatement<Values extends Record<string, unknown>, Row>(
  build: (value: (name: keyof Values & string) => SQL) => SQL,
): (db: Db, values: Values) => Promise<{ rows: Row[] }> {
  let query: Query | undefined
  return async (db, values) => {
    query ??= new PgDialect().sqlToQuery(build((name) => sql`${sql.placeholder(name)}`))
    const prepared = db._.session.prepareQuery(query, undefined, undefined, false)
    // As in `execute`.
    return (await prepared.execute(values)) as { rows: Row[] }
  }
}

/** A row of this table, from its columns by their names in the database as `to_jsonb` gives them. */
export function readRow<T extends Table>(table: T, raw: Record<string, unknown>): InferSelectModel<T> {
  const columns = Object.entries(getTableColumns(table))
  const entries = columns.map(([name, { name: column }]) => [name, raw[column] ?? null])
  return Object.fromEntries(entries) as InferSelectModel<T>
}
