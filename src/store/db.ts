import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type * as schema from './schema.ts'

/** The store, on PGlite or PostgreSQL. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>

export interface Store {
  db: Db
  /** `pglite` has one connection in this process; `postgres` has a pool. */
  kind: 'pglite' | 'postgres'
  close(): Promise<void>
}
