import { getTableName, is, sql } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type { Db } from '../store/db.ts'
import * as schema from '../store/schema.ts'
import type { PeriodicJob } from './periodic-jobs.ts'

const DAY_MS = 86_400_000

/**
 * For the embedded store only: PGlite is PostgreSQL without autovacuum, so that its tables would grow by what is
 * updated and purged, and its planner never learn their size. One table at a time, because this process stands still
 * meanwhile.
 */
export function createVacuum({ db }: { db: Db }): PeriodicJob {
  return {
    name: 'vacuum',
    everyMs: DAY_MS,
    leaseMs: 600_000,
    async run() {
      for (const table of Object.values(schema)) {
        if (is(table, PgTable)) await db.execute(sql`VACUUM (ANALYZE) ${sql.identifier(getTableName(table))}`)
      }
    },
  }
}
