import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError } from '../config/config.ts'
import { databaseFilesProblem } from '../config/database-url.ts'
import type { Log } from '../shared/log.ts'
import type { Store } from '../store/db.ts'
import { OutdatedStoreError } from '../store/migrate.ts'
import { openStore } from '../store/open-store.ts'

const FIRST_DELAY_MS = 500
const MAX_DELAY_MS = 10_000

/**
 * Opens the PostgreSQL store. Retries with backoff until the database is available, and logs each failed try.
 * @throws ConfigError, OutdatedStoreError when a retry cannot help
 */
export async function openStoreWithRetry(databaseUrl: string, log: Log): Promise<Store> {
  const problem = databaseFilesProblem(databaseUrl)
  if (problem !== null) throw new ConfigError(`DATABASE_URL: ${problem}`)
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(MAX_DELAY_MS, delayMs * 2)) {
    try {
      return await openStore({ databaseUrl, dataDir: null })
    } catch (err) {
      if (err instanceof OutdatedStoreError) throw err
      // The message of a failed connection has host and port, never the password.
      const reason = err instanceof Error ? err.message || (err as NodeJS.ErrnoException).code : String(err)
      log.warn({ reason }, 'waiting for the database of DATABASE_URL')
      await sleep(delayMs)
    }
  }
}
