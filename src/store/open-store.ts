import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import pg from 'pg'
import type { Store } from './db.ts'
import { migrationsFolder, requireBaseline } from './migrate.ts'
import { openRestartingPglite } from './pglite.ts'
import * as schema from './schema.ts'
import { patchStorableColumns } from './storable-columns.ts'
import { patchQueryErrors } from './store-error.ts'

patchQueryErrors()
patchStorableColumns()

const MIGRATION_LOCK = 7_203_641_882
const POOL_SIZE = 20
const CONNECT_TIMEOUT_MS = 3_000

/**
 * Opens the store and migrates its schema.
 * @param location.databaseUrl absent: embedded PGlite in `dataDir/store`, or in memory when `dataDir` is null
 * @throws OutdatedStoreError when a version without an upgrade path wrote it
 */
export async function openStore(location: {
  databaseUrl?: string | undefined
  dataDir: string | null
}): Promise<Store> {
  return location.databaseUrl ? openPostgres(location.databaseUrl) : openPglite(location.dataDir)
}

async function openPostgres(connectionString: string): Promise<Store> {
  const pool = new pg.Pool({ connectionString, max: POOL_SIZE, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  // A lost connection must not end the process, idle or between two statements of a transaction. The next query reports the
  // error.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  try {
    await migratePostgres(pool)
  } catch (err) {
    await pool.end()
    throw err
  }
  return { db: drizzlePg(pool, { schema }), kind: 'postgres', close: () => pool.end() }
}

/** Of several processes that start at once, one migrates and the others wait. */
async function migratePostgres(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    const db = drizzlePg(client, { schema })
    await requireBaseline(db, null)
    await migratePg(db, { migrationsFolder })
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => {})
    client.release()
  }
}

async function openPglite(dataDir: string | null): Promise<Store> {
  if (dataDir) mkdirSync(dataDir, { recursive: true })
  const storeDir = dataDir && join(dataDir, 'store')
  const pglite = await openRestartingPglite(storeDir ?? 'memory://')
  const db = drizzlePglite(pglite, { schema })
  try {
    await requireBaseline(db, storeDir)
    await migratePglite(db, { migrationsFolder })
  } catch (err) {
    await pglite.close()
    throw err
  }
  return { db, kind: 'pglite', close: () => pglite.close() }
}
