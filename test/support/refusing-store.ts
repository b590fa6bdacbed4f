import { sql } from 'drizzle-orm'
import type { Db } from '../../src/store/db.ts'
import { execute } from '../../src/store/deliveries.ts'

/** What a database says of a text that it will never take (class 22), of a row that is too large (54), when it ends (57). */
export type Sqlstate = '22P02' | '22P05' | '54000' | '57P01'

/**
 * Has the database refuse for good what is written to `runs` where the condition (of NEW) holds, as PostgreSQL refuses half
 * a character in jsonb; gives a function that ends it.
 */
export const refuseRuns = (db: Db, condition: string, code: Sqlstate) =>
  refuseRows(db, 'runs', condition, code)

/** The same for another table. */
export async function refuseRows(
  db: Db,
  table: string,
  condition: string,
  code: Sqlstate,
): Promise<() => Promise<void>> {
  await execute(
    db,
    sql.raw(`CREATE OR REPLACE FUNCTION refuse_run() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '${code}'; END $$`),
  )
  await execute(
    db,
    sql.raw(`CREATE TRIGGER refuse_run BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW
      WHEN (${condition}) EXECUTE FUNCTION refuse_run()`),
  )
  return async () => {
    await execute(db, sql.raw(`DROP TRIGGER IF EXISTS refuse_run ON ${table}`))
  }
}
