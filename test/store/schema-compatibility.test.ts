import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { freshDatabase } from '../harness/stores.ts'

/**
 * While processes are restarted one after the other, the version before runs on the new schema. So each released
 * version's own statements must still work on it: they were written down when it was released, with the number of
 * migrations that it had. A new release adds a line here, and a file of what it writes that is new. 0.3.0 is
 * the baseline: there is no upgrade from a version before it.
 */
const RELEASED = [{ version: 'v0.3.0', migrations: 1 }]

const migrationsFolder = fileURLToPath(new URL('../../src/store/migrations', import.meta.url))

interface Column {
  name: string
  type: string
  nullable: boolean
  hasDefault: boolean
}

interface Database {
  migrate(folder: string): Promise<void>
  query<T>(text: string): Promise<T[]>
}

const engines = { PGlite: openPglite, PostgreSQL: openPostgres }

describe.each(Object.keys(engines) as (keyof typeof engines)[])('on %s', (engine) => {
  const isThere = engine === 'PGlite' || Boolean(inject('postgresUrl'))
  describe.skipIf(!isThere).each(RELEASED)('the schema of now serves $version', ({ version, migrations }) => {
    it('every statement that it makes works as before, and nothing that it knows is gone or changed', async () => {
      const db = await engines[engine]()
      await db.migrate(upTo(migrations))
      const before = await columnsOf(db)
      const statements = statementsUntil(version)
      for (const statement of statements) await db.query(statement.replaceAll('{n}', 'before'))

      await db.migrate(migrationsFolder)
      for (const statement of statements) await db.query(statement.replaceAll('{n}', 'after'))
      expect(broken(before, await columnsOf(db))).toEqual([])
      const untouched = [...tablesOf(before)].filter((t) => !statements.some((s) => writes(s, t)))
      expect(untouched).toEqual([])
    })
  })
})

/** What keeps an older version from writing: a column gone, of another type, or wanted and without a default. */
function broken(before: Map<string, Column>, after: Map<string, Column>): string[] {
  const tables = tablesOf(before)
  const gone = [...before].flatMap(([name, was]) => {
    const is = after.get(name)
    if (!is) return [`${name} is gone`]
    if (is.type !== was.type) return [`${name} was ${was.type} and is ${is.type}`]
    return was.nullable && !is.nullable ? [`${name} must not be null any more`] : []
  })
  const wanted = [...after].flatMap(([name, is]) =>
    tables.has(name.split('.')[0] ?? '') && !before.has(name) && !is.nullable && !is.hasDefault
      ? [`${name} is new, must not be null and has no default`]
      : [],
  )
  return [...gone, ...wanted]
}

describe('a migration that an older version cannot live with', () => {
  it('is found', async () => {
    const db = await openPglite()
    await db.migrate(upTo(1))
    const before = await columnsOf(db)
    await db.query('ALTER TABLE accounts RENAME COLUMN name TO title')
    await db.query('ALTER TABLE runs ALTER COLUMN run_id SET NOT NULL')
    await db.query('ALTER TABLE runs ALTER COLUMN revision TYPE text')
    await db.query('ALTER TABLE inbox ADD COLUMN source text NOT NULL')
    expect(broken(before, await columnsOf(db)).sort()).toEqual([
      'accounts.name is gone',
      'accounts.title is new, must not be null and has no default',
      'inbox.source is new, must not be null and has no default',
      'runs.revision was integer and is text',
      'runs.run_id must not be null any more',
    ])
  })
})

/** A migrations folder that ends where a version did. */
function upTo(count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-migrations-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(migrationsFolder, folder, { recursive: true })
  const path = join(folder, 'meta', '_journal.json')
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: unknown[] }
  writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }))
  return folder
}

/** Those of that version and of the ones before it, which it makes too. */
function statementsUntil(version: string): string[] {
  const last = RELEASED.findIndex((r) => r.version === version)
  return RELEASED.slice(0, last + 1).flatMap((r) =>
    readFileSync(new URL(`./released/${r.version}.sql`, import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('--')),
  )
}

function writes(statement: string, table: string): boolean {
  return new RegExp(`^INSERT INTO ${table} `).test(statement)
}

function tablesOf(columns: Map<string, Column>): Set<string> {
  return new Set([...columns.keys()].map((name) => name.split('.')[0] ?? ''))
}

async function columnsOf(db: Database): Promise<Map<string, Column>> {
  const rows = await db.query<Column>(
    `SELECT table_name || '.' || column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable,
      column_default IS NOT NULL AS "hasDefault"
    FROM information_schema.columns WHERE table_schema = 'public'`,
  )
  return new Map(rows.map((row) => [row.name, row]))
}

async function openPglite(): Promise<Database> {
  const client = await PGlite.create()
  onTestFinished(() => client.close())
  return {
    migrate: (folder) => migratePglite(drizzlePglite(client), { migrationsFolder: folder }),
    query: async <T>(text: string) => (await client.query<T>(text)).rows,
  }
}

async function openPostgres(): Promise<Database> {
  const client = new pg.Client({ connectionString: await freshDatabase(inject('postgresUrl')) })
  await client.connect()
  onTestFinished(() => client.end())
  return {
    migrate: (folder) => migratePg(drizzlePg(client), { migrationsFolder: folder }),
    query: async <T>(text: string) => (await client.query(text)).rows as T[],
  }
}
