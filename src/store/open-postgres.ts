import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { Store } from './db.ts'
import { drizzleConfig, type OnStatement } from './drizzle-config.ts'
import { migrationsFolder, requireBaseline } from './migrate.ts'
import * as schema from './schema.ts'

const MIGRATION_LOCK = 7_203_641_882
const POOL_SIZE = 20
const CONNECT_TIMEOUT_MS = 3_000

/** Connects to PostgreSQL and migrates its schema. @throws OutdatedStoreError */
export async function openPostgres(connectionString: string, onStatement?: OnStatement): Promise<Store> {
  const pool = new pg.Pool({ connectionString, max: POOL_SIZE, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  // A lost connection must not end the process, idle or between two statements of a transaction. The next query reports the
  // error.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  try {
    await migrateOnce(pool)
  } catch (err) {
    await pool.end()
    throw err
  }
  return { db: drizzle(pool, drizzleConfig(onStatement)), kind: 'postgres', close: () => pool.end() }
}

/** Of several processes that start at once, one migrates and the others wait. */
async function migrateOnce(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    const db = drizzle(client, { schema })
    await requireBaseline(db, null)
    await migrate(db, { migrationsFolder })
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => {})
    client.release()
  }
}
