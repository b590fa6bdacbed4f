import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import type { Store } from './db.ts'
import { drizzleConfig, type OnStatement } from './drizzle-config.ts'
import { migrationsFolder, requireBaseline } from './migrate.ts'
import { openRestartingPglite } from './pglite.ts'

/**
 * Opens the embedded store and migrates its schema.
 * @param dataDir the store is in its folder `store`; null: in memory
 * @throws OutdatedStoreError
 */
export async function openPglite(dataDir: string | null, onStatement?: OnStatement): Promise<Store> {
  if (dataDir) mkdirSync(dataDir, { recursive: true })
  const storeDir = dataDir && join(dataDir, 'store')
  const pglite = await openRestartingPglite(storeDir ?? 'memory://')
  const db = drizzle(pglite, drizzleConfig(onStatement))
  try {
    await requireBaseline(db, storeDir)
    await migrate(db, { migrationsFolder })
  } catch (err) {
    await pglite.close()
    throw err
  }
  return { db, kind: 'pglite', close: () => pglite.close() }
}
