import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { type Query, recordMigration, writeOutdatedStore } from '../../test/fixtures/outdated-store.ts'
import { freshDatabase } from '../../test/harness/stores.ts'
import { OutdatedStoreError } from './migrate.ts'
import { openStore } from './open-store.ts'

/** A time after every known migration. */
const LATER = 4_000_000_000_000

interface TestDatabase {
  /** Accesses the database without the product. */
  withQuery<T>(work: (query: Query) => Promise<T>): Promise<T>
  open(): ReturnType<typeof openStore>
  /** Its name in the message. */
  name: string
}

async function pgliteFolder(): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-outdated-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  return {
    async withQuery(work) {
      const client = await PGlite.create(join(dataDir, 'store'))
      try {
        return await work((text) => client.query(text))
      } finally {
        await client.close()
      }
    },
    open: () => openStore({ dataDir }),
    name: join(dataDir, 'store'),
  }
}

async function postgresDatabase(): Promise<TestDatabase> {
  const databaseUrl = await freshDatabase(inject('postgresUrl'))
  return {
    async withQuery(work) {
      const client = new pg.Client({ connectionString: databaseUrl })
      await client.connect()
      try {
        return await work((text) => client.query(text))
      } finally {
        await client.end()
      }
    },
    open: () => openStore({ databaseUrl, dataDir: null }),
    name: 'DATABASE_URL',
  }
}

/** All tables, and the recorded migrations. */
async function contentsOf(query: Query): Promise<unknown> {
  const tables = await query(
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'drizzle') ORDER BY 1, 2",
  )
  const recorded = await query('SELECT * FROM drizzle.__drizzle_migrations ORDER BY id')
  return [tables.rows, recorded.rows]
}

const DATABASES = { PGlite: pgliteFolder, PostgreSQL: postgresDatabase }

describe.each(Object.keys(DATABASES) as (keyof typeof DATABASES)[])('a store on %s', (kind) => {
  const isAvailable = kind === 'PGlite' || Boolean(inject('postgresUrl'))

  it.skipIf(!isAvailable)('of 0.1 or 0.2 is refused with instructions, and unchanged', async () => {
    const database = await DATABASES[kind]()
    const before = await database.withQuery(async (query) => {
      await writeOutdatedStore(query)
      return contentsOf(query)
    })
    const err = await database.open().then(
      (store) => store.close(),
      (e: unknown) => e,
    )
    expect(err).toBeInstanceOf(OutdatedStoreError)
    expect(String(err)).toContain(database.name)
    expect(String(err)).toMatch(/0\.2 or older.*Nothing was changed.*CHANGELOG\.md/s)
    expect(await database.withQuery(contentsOf)).toEqual(before)
  })

  it.skipIf(!isAvailable)('that a newer version has migrated can be opened', async () => {
    const database = await DATABASES[kind]()
    await (await database.open()).close()
    await database.withQuery((query) => recordMigration(query, 'hash of a later migration', LATER))
    const store = await database.open()
    expect((await store.db.execute('SELECT count(*) FROM inbox')) as unknown).toMatchObject({ rows: [{}] })
    await store.close()
  })
})
