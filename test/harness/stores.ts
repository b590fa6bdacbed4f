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
  beforeEach(async () => {
    await opened().db.execute(EMPTY_ALL)
  })
  afterAll(() => store?.close())
  const opened = () => {
    if (!store) throw new Error('the store is open only while a test runs')
    return store
  }
  return opened
}

/**
 * Empties the tables that have rows, with DELETE where they are few: TRUNCATE makes new files for a table and each of its
 * indexes, and of all tables would take longer than most tests. Numbers of rows begin at 1 again.
 */
const EMPTY_ALL = `DO $$
DECLARE
  name text;
  found_rows integer;
BEGIN
  FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE 'SELECT count(*) FROM (SELECT FROM ' || name || ' LIMIT 100) AS first' INTO found_rows;
    IF found_rows = 100 THEN EXECUTE 'TRUNCATE ' || name;
    ELSIF found_rows > 0 THEN EXECUTE 'DELETE FROM ' || name;
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$`
