import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, inject } from 'vitest'
import type { Store } from '../../src/store/db.ts'
import { openStore } from '../../src/store/open-store.ts'

/** Runs a suite on both databases of the store: embedded PGlite and a real PostgreSQL. Each test gets an empty store. */
export function describeOnBothStores(name: string, suite: (store: () => Store) => void): void {
  const url = inject('postgresUrl')
  describe(`${name} on PGlite`, () => suite(emptyStore(() => openStore({ dataDir: null }))))
  describe.skipIf(!url)(`${name} on PostgreSQL`, () =>
    suite(emptyStore(async () => openStore({ databaseUrl: await freshDatabase(url), dataDir: null }))),
  )
}

/** The connection string of a new, empty database. */
export async function freshDatabase(url: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  const fresh = new URL(url)
  fresh.pathname = `/${name}`
  return fresh.href
}

/** Opened once per suite, since that takes seconds, and emptied before each test. */
function emptyStore(open: () => Promise<Store>): () => Store {
  let store: Store | undefined
  beforeAll(async () => {
    store = await open()
  })
  beforeEach(() => truncate(opened()))
  afterAll(() => store?.close())
  const opened = () => {
    if (!store) throw new Error('the store is open only while a test runs')
    return store
  }
  return opened
}

async function truncate({ db }: Store): Promise<void> {
  const { rows } = (await db.execute(
    "SELECT string_agg(quote_ident(tablename), ', ') AS tables FROM pg_tables WHERE schemaname = 'public'",
  )) as unknown as { rows: { tables: string }[] }
  await db.execute(`TRUNCATE ${rows[0]?.tables} RESTART IDENTITY`)
}
