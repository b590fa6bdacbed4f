import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { freshDatabase } from '../../test/harness/stores.ts'
import { OutdatedStoreError } from './migrate.ts'
import { openStore } from './open-store.ts'

/** When 0.1.0's first migration was made, and a time after every migration that is known here. */
const OF_0_1 = 1_795_423_103_847
const LATER = 4_000_000_000_000

type Query = (text: string) => Promise<{ rows: unknown[] }>

interface Place {
  /** Works on the database behind the product's back. */
  withQuery<T>(work: (query: Query) => Promise<T>): Promise<T>
  open(): ReturnType<typeof openStore>
  /** How the message names it. */
  name: string
}

async function pgliteFolder(): Promise<Place> {
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

async function postgresDatabase(): Promise<Place> {
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

async function noteMigration(query: Query, hash: string, createdAt: number): Promise<void> {
  await query('CREATE SCHEMA IF NOT EXISTS drizzle')
  await query(
    'CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)',
  )
  await query(`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('${hash}', ${createdAt})`)
}

/** All tables, and what the migrator has noted. */
async function contentsOf(query: Query): Promise<unknown> {
  const tables = await query(
    "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'drizzle') ORDER BY 1, 2",
  )
  const noted = await query('SELECT * FROM drizzle.__drizzle_migrations ORDER BY id')
  return [tables.rows, noted.rows]
}

const PLACES = { PGlite: pgliteFolder, PostgreSQL: postgresDatabase }

describe.each(Object.keys(PLACES) as (keyof typeof PLACES)[])('a store on %s', (kind) => {
  const isThere = kind === 'PGlite' || Boolean(inject('postgresUrl'))

  it.skipIf(!isThere)('of 0.1 or 0.2 is refused with what to do, and is left as it was', async () => {
    const place = await PLACES[kind]()
    const before = await place.withQuery(async (query) => {
      await query('CREATE TABLE jobs (name text PRIMARY KEY, claimed_by text)')
      await noteMigration(query, 'hash of 0000_initial', OF_0_1)
      return contentsOf(query)
    })
    const err = await place.open().then(
      (store) => store.close(),
      (e: unknown) => e,
    )
    expect(err).toBeInstanceOf(OutdatedStoreError)
    expect(String(err)).toContain(place.name)
    expect(String(err)).toMatch(/0\.2 or older.*Nothing was changed.*CHANGELOG\.md/s)
    expect(await place.withQuery(contentsOf)).toEqual(before)
  })

  it.skipIf(!isThere)('that a newer version has migrated further opens', async () => {
    const place = await PLACES[kind]()
    await (await place.open()).close()
    await place.withQuery((query) => noteMigration(query, 'hash of a later migration', LATER))
    const store = await place.open()
    expect((await store.db.execute('SELECT count(*) FROM inbox')) as unknown).toMatchObject({ rows: [{}] })
    await store.close()
  })
})
