import type { Config } from '../config/config.ts'
import type { Store } from '../store/db.ts'
import { openStore } from '../store/open-store.ts'
import { makePrivate } from './private-files.ts'
import type { Shutdown } from './shutdown.ts'

/** The store of `npm start`: embedded in the data folder, unless `DATABASE_URL` names a PostgreSQL. */
export async function openLocalStore(
  { databaseUrl, dataDir }: Config,
  shutdown: Shutdown,
  print: (line: string) => void,
): Promise<Store> {
  const store = await openStore({ databaseUrl, dataDir })
  shutdown.onShutdown('store', store.close)
  if (store.kind === 'pglite') {
    makePrivate(dataDir)
    print(
      'store: embedded in DATA_DIR. It survives a crash of this process but not a power failure. For PostgreSQL set DATABASE_URL.',
    )
  }
  return store
}
