import type { Store } from './db.ts'
import { patchStorableColumns } from './storable-columns.ts'
import { patchQueryErrors } from './store-error.ts'

patchQueryErrors()
patchStorableColumns()

/**
 * Opens the store and migrates its schema. Loads the driver of this kind of store only.
 * @param location.databaseUrl absent: embedded PGlite in `dataDir/store`, or in memory when `dataDir` is null
 * @throws OutdatedStoreError when a version without an upgrade path wrote it
 */
export async function openStore(location: {
  databaseUrl?: string | undefined
  dataDir: string | null
}): Promise<Store> {
  if (location.databaseUrl) {
    const { openPostgres } = await import('./open-postgres.ts')
    return openPostgres(location.databaseUrl)
  }
  const { openPglite } = await import('./open-pglite.ts')
  return openPglite(location.dataDir)
}
