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
 * During a rolling upgrade the previous version runs on the new schema, so the statements of each released version must still
 * work. They were recorded at the release, with its number of migrations. A new release adds a line here, and a file with
 * its new statements. 0.3.0 is the baseline: an upgrade from an earlier version is not supported.
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

const databases = { PGlite: openPglite, PostgreSQL: openPostgres }

describe.each(Object.keys(databases) as (keyof typeof databases)[])('on %s', (database) => {
  const isThere = database === 'PGlite' || Boolean(inject('postgresUrl'))
  describe.skipIf(!isThere).each(RELEASED)(
    'the current schema supports $version',
    ({ version, migrations }) => {
      it('runs all its statements, and no column that it knows is missing or changed', async () => {
        const db = await databases[database]()
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
    },
  )
})

/** The changes that prevent an older version from writing: a column that is missing, has another type, or is required without a default. */
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

describe('a migration that is incompatible with an older version', () => {
  it('is reported', async () => {
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

/** A migrations folder with the migrations of a version only. */
function upTo(count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-migrations-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(migrationsFolder, folder, { recursive: true })
  const path = join(folder, 'meta', '_journal.json')
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: unknown[] }
  writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }))
  return folder
}

/** The statements of that version and of those before it, which it executes too. */
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
