import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { Db } from './db.ts'
import { execute } from './sql.ts'

export const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url))

/** A version without an upgrade path wrote the database. Nothing was changed. */
export class OutdatedStoreError extends Error {
  override name = 'OutdatedStoreError'
}

/**
 * Refuses a database with migrations from before this version's baseline. A database that a newer version has migrated is
 * accepted: migrations only add, so that this version still runs during an upgrade or after a rollback.
 * @param storeDir the folder of an embedded store; null: the database of DATABASE_URL
 * @throws OutdatedStoreError
 */
export async function requireBaseline(db: Db, storeDir: string | null): Promise<void> {
  const known = readMigrationFiles({ migrationsFolder })
  const baseline = known[0]
  if (!baseline) throw new Error(`no migrations in ${migrationsFolder}`)
  const hashes = new Set(known.map((migration) => migration.hash))
  const isOutdated = (await appliedMigrations(db)).some(
    ({ hash, createdAt }) => !hashes.has(hash) && createdAt < baseline.folderMillis,
  )
  if (isOutdated) throw new OutdatedStoreError(outdatedMessage(storeDir))
}

/** The migrations that drizzle has recorded in this database; none when it never ran. */
async function appliedMigrations(db: Db): Promise<{ hash: string; createdAt: number }[]> {
  const { rows: tables } = await execute<{ name: string | null }>(
    db,
    sql`SELECT to_regclass('drizzle.__drizzle_migrations')::text AS name`,
  )
  if (!tables[0]?.name) return []
  const { rows } = await execute<{ hash: string; createdAt: number | string }>(
    db,
    sql`SELECT hash, created_at AS "createdAt" FROM drizzle.__drizzle_migrations`,
  )
  return rows.map(({ hash, createdAt }) => ({ hash, createdAt: Number(createdAt) }))
}

function outdatedMessage(storeDir: string | null): string {
  const [place, remedy] =
    storeDir === null
      ? ['the database of DATABASE_URL', 'Set DATABASE_URL to an empty database']
      : [`the data folder's store, ${storeDir},`, 'Move the data folder away, or set DATA_DIR to another one']
  return [
    `FollowerNurture 0.2 or older wrote ${place} and 0.3 cannot upgrade it, because its tables have other names. Nothing was changed.`,
    `${remedy}, and set up accounts and campaigns again. Or keep using the version that wrote it. See CHANGELOG.md, 0.3.0.`,
  ].join('\n')
}
