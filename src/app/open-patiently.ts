import { ConfigError } from '../config.ts'
import { databaseFilesTrouble } from '../database-url.ts'
import type { Log } from '../log.ts'
import { openStore, type Store } from '../store/db.ts'

const FIRST_MS = 500
const MOST_MS = 10_000

/**
 * Opens the PostgreSQL store, however long it takes to come: says what it waits for, with backoff.
 * @throws ConfigError when no waiting helps
 */
export async function openPatiently(databaseUrl: string, log: Log): Promise<Store> {
  const trouble = databaseFilesTrouble(databaseUrl)
  if (trouble !== null) throw new ConfigError(`DATABASE_URL: ${trouble}`)
  for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(MOST_MS, pauseMs * 2)) {
    try {
      return await openStore({ databaseUrl, dataDir: null })
    } catch (err) {
      // The message of a failed connection names host and port, never the password.
      const reason = err instanceof Error ? err.message || (err as NodeJS.ErrnoException).code : String(err)
      log.warn({ reason }, 'waiting for the database of DATABASE_URL')
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}
