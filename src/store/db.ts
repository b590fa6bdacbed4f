import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import pg from 'pg'
import { openRestartingPglite } from './pglite.ts'
import * as schema from './schema.ts'
import { patchStorableColumns } from './storable-columns.ts'
import { patchQueryErrors } from './store-error.ts'

patchQueryErrors()
patchStorableColumns()

/** The store, whatever engine is below it. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>

export interface Store {
  db: Db
  /** `pglite` is one connection in this process; `postgres` a pool. */
  kind: 'pglite' | 'postgres'
  close(): Promise<void>
}

const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))
const MIGRATION_LOCK = 7_203_641_882
const POOL_SIZE = 20
const CONNECT_TIMEOUT_MS = 3_000

/**
 * Opens the store and brings its schema up to date.
 * `databaseUrl` absent: embedded PGlite in `dataDir/store` (or in memory when `dataDir` is null).
 */
export async function openStore(location: {
  databaseUrl?: string | undefined
  dataDir: string | null
}): Promise<Store> {
  return location.databaseUrl ? openPostgres(location.databaseUrl) : openPglite(location.dataDir)
}

async function openPostgres(connectionString: string): Promise<Store> {
  const pool = new pg.Pool({ connectionString, max: POOL_SIZE, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  // A connection that dies must not end the process, idle or between two statements of a transaction: the next query
  // reports the trouble.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = drizzlePg(pool, { schema })
  const client = await pool.connect()
  try {
    // Several processes may start at once: one migrates, the others wait for it.
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await migratePg(drizzlePg(client, { schema }), { migrationsFolder })
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => {})
    client.release()
  }
  return { db, kind: 'postgres', close: () => pool.end() }
}

async function openPglite(dataDir: string | null): Promise<Store> {
  if (dataDir) mkdirSync(dataDir, { recursive: true })
  const pglite = await openRestartingPglite(dataDir ? join(dataDir, 'store') : 'memory://')
  const db = drizzlePglite(pglite, { schema })
  await migratePglite(db, { migrationsFolder })
  return { db, kind: 'pglite', close: () => pglite.close() }
}
