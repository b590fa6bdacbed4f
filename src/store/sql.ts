import type { SQL } from 'drizzle-orm'
import type { Db } from './db.ts'

/** Runs a statement written by hand. Numbers come as the driver gives them: a bigint may be a string. */
export async function execute<T>(db: Pick<Db, 'execute'>, statement: SQL): Promise<{ rows: T[] }> {
  // The drivers' common base type says nothing of results; both give `rows`.
  return (await db.execute(statement)) as unknown as { rows: T[] }
}
