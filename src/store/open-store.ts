import type { Store } from './db.ts'
import type { OnStatement } from './drizzle-config.ts'
import { patchStorableColumns } from './storable-columns.ts'
import { patchQueryErrors } from './store-error.ts'

patchQueryErrors()
patchStorableColumns()

/**
 * Opens the store and migrates its schema. Loads the driver of this kind of store only.
 * @param location.databaseUrl absent: embedded PGlite in `dataDir/store`, or in memory when `dataDir` is null
 * @param onStatement called with each statement before it runs, for tests that count them
 * @throws OutdatedStoreError when a version without an upgrade path wrote it
 */
export async function openStore(
  location: { databaseUrl?: string | undefined; dataDir: string | null },
  onStatement?: OnStatement,
): Promise<Store> {
  if (location.databaseUrl) {
    const { openPostgres } = await import('./open-postgres.ts')
    return openPostgres(location.databaseUrl, onStatement)
  }
  const { openPglite } = await import('./open-pglite.ts')
  return openPglite(location.dataDir, onStatement)
}
