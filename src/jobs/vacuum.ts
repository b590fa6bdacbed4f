import { getTableName, is, sql } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { DAY_MS, MINUTE_MS } from '../shared/time-units.ts'
import type { Db } from '../store/db.ts'
import * as schema from '../store/schema.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

/**
 * Vacuums the embedded store. PGlite is PostgreSQL without autovacuum: updated and deleted rows would fill its tables, and
 * its planner would not know their size. It works table by table, because each VACUUM blocks this process.
 */
export function createVacuum({ db }: { db: Db }): PeriodicJob {
  return {
    name: 'vacuum',
    everyMs: DAY_MS,
    leaseMs: 10 * MINUTE_MS,
    async run() {
      for (const table of Object.values(schema)) {
        if (is(table, PgTable)) await db.execute(sql`VACUUM (ANALYZE) ${sql.identifier(getTableName(table))}`)
      }
    },
  }
}
