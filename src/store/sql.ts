import type { SQL } from 'drizzle-orm'
import type { Db } from './db.ts'

/** Runs a hand-written statement. Numbers have the type of the driver: a bigint may be a string. */
export async function execute<T>(db: Pick<Db, 'execute'>, statement: SQL): Promise<{ rows: T[] }> {
  // The common base type of the drivers has no type for results. Both return `rows`.
  return (await db.execute(statement)) as unknown as { rows: T[] }
}
