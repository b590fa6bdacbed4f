import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { findPrograms, MissingProgramsError } from '../../scripts/cluster/find-programs.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { VisibilityIndexes } from '../../src/temporal/visibility-indexes.ts'
import { freshDatabase } from '../harness/stores.ts'

const run = promisify(execFile)
const postgresUrl = inject('postgresUrl')
/** Temporal's own schema tool, of the version that the stack runs. */
const tool = await findPrograms((line) => process.stderr.write(`${line}\n`)).then(
  (programs) => programs['temporal-sql-tool'],
  (err: unknown) => {
    if (!(err instanceof MissingProgramsError)) throw err
    process.stderr.write(`the tests of Temporal's visibility indexes are skipped. ${err.message}\n`)
    return null
  },
)

/** A version of the schema before several that add columns with indexes. */
const EARLIER_VERSION = '1.9'
const ROWS = 3_000
const NAMESPACE = '0a7fd0bb-3a0c-4d33-8a1c-6c1fd1a55c1e'

/** A visibility database of Temporal, with the schema of a version; default: the newest. */
async function visibilityDatabase(version?: string) {
  const url = new URL(await freshDatabase(postgresUrl))
  const schemaTool = async (...args: string[]) => {
    const { hostname, port, username, password, pathname } = url
    const target = ['--endpoint', hostname, '--port', port, '--user', decodeURIComponent(username)]
    const login = password ? ['--password', decodeURIComponent(password)] : []
    await run(tool ?? '', [
      '--plugin',
      'postgres12',
      ...target,
      ...login,
      '--database',
      pathname.slice(1),
      ...args,
    ])
  }
  const update = (to?: string) => {
    const target = to === undefined ? [] : ['--version', to]
    return schemaTool('update-schema', '--schema-name', 'postgresql/v12/visibility', ...target)
  }
  await schemaTool('setup-schema', '--version', '0.0')
  await update(version)
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  onTestFinished(() => client.end())
  return { url: url.href, client, update }
}

/** What the indexes of the table are: definition, validity and comment. */
async function indexesOf(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; about: string }>(
    `SELECT c.relname AS name,
        pg_get_indexdef(c.oid) || ' ' || indisvalid || COALESCE(' ' || obj_description(c.oid, 'pg_class'), '') AS about
      FROM pg_index JOIN pg_class c ON c.oid = indexrelid
      WHERE indrelid = 'executions_visibility'::regclass ORDER BY 1`,
  )
  return Object.fromEntries(rows.map((r) => [r.name, r.about]))
}

async function insertRuns(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO executions_visibility (namespace_id, run_id, start_time, execution_time, workflow_id, workflow_type_name,
        status, encoding, task_queue, search_attributes)
      SELECT $1, gen_random_uuid(), now(), now(), 'nurture/wx/o' || i, 'FollowerNurture', 1, '', 'nurture',
        jsonb_build_object('Keyword01', 'app-' || i % 50) FROM generate_series(1, $2::int) i`,
    [NAMESPACE, ROWS],
  )
}

const apply = (url: string) => VisibilityIndexes.use(url, (indexes) => indexes.apply())
const revert = (url: string) => VisibilityIndexes.use(url, (indexes) => indexes.revert())
const list = (url: string) => VisibilityIndexes.use(url, (indexes) => indexes.list())

describe.skipIf(!postgresUrl || !tool)("the indexes of Temporal's visibility table", () => {
  it('become partial under their names, a fraction of their size, and as they were after a revert', async () => {
    const { url, client } = await visibilityDatabase()
    const before = await indexesOf(client)
    await insertRuns(client)
    const full = await list(url)
    expect(full.length).toBeGreaterThan(40)
    expect(full.filter((i) => i.partial)).toEqual([])

    expect((await apply(url)).sort()).toEqual(full.map((i) => i.name).sort())
    const between = await indexesOf(client)
    expect(Object.keys(between)).toEqual(Object.keys(before))
    expect(between.by_keyword_02).toContain('WHERE (keyword02 IS NOT NULL)')
    // Columns that are never null keep their index as it is.
    for (const name of ['default_idx', 'by_workflow_id', 'by_status'])
      expect(between[name]).toBe(before[name])
    const partial = await list(url)
    expect(partial.filter((i) => !i.partial)).toEqual([])
    const bytes = (all: { bytes: number }[]) => all.reduce((sum, i) => sum + i.bytes, 0)
    expect(bytes(partial)).toBeLessThan(bytes(full) / 5)
    expect(await apply(url)).toEqual([])

    expect((await revert(url)).sort()).toEqual(full.map((i) => i.name).sort())
    expect(await indexesOf(client)).toEqual(before)
    expect(await revert(url)).toEqual([])
  })

  it('still serve queries by an attribute', async () => {
    const { url, client } = await visibilityDatabase()
    await insertRuns(client)
    await apply(url)
    await client.query('ANALYZE executions_visibility')
    // The condition that Temporal's server makes of WechatAppId = 'app-7' (common/persistence/visibility/store/sql).
    const select = `FROM executions_visibility WHERE Keyword01 = 'app-7' AND TemporalNamespaceDivision IS NULL AND namespace_id = '${NAMESPACE}'`
    const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n ${select}`)
    expect(Number(rows[0]?.n)).toBe(ROWS / 50)
    const plan = await client.query(`EXPLAIN SELECT run_id ${select}`)
    expect(JSON.stringify(plan.rows)).toContain('by_keyword_01')
  })

  it("let Temporal's schema tool update the schema, whose new indexes the next apply makes partial", async () => {
    const { url, client, update } = await visibilityDatabase(EARLIER_VERSION)
    await insertRuns(client)
    const first = await apply(url)
    await update()
    const added = (await list(url)).filter((i) => !i.partial)
    expect(added.length).toBeGreaterThan(10)
    expect(added.filter((i) => first.includes(i.name))).toEqual([])
    expect((await apply(url)).sort()).toEqual(added.map((i) => i.name).sort())
    await revert(url)
    const fresh = await visibilityDatabase()
    expect(await indexesOf(client)).toEqual(await indexesOf(fresh.client))
  })

  it('are completed by a second apply when the first was interrupted', async () => {
    const { url, client } = await visibilityDatabase()
    const before = await indexesOf(client)
    await client.query(
      'CREATE INDEX by_keyword_01_follower_nurture ON executions_visibility (namespace_id, keyword01)',
    )
    expect(await apply(url)).toContain('by_keyword_01')
    expect(Object.keys(await indexesOf(client))).toEqual(Object.keys(before))
  })

  it('are not exchanged while a query reads the table, and are afterwards', async () => {
    const { url, client } = await visibilityDatabase()
    await client.query('BEGIN')
    await client.query('SELECT count(*) FROM executions_visibility')
    const applying = apply(url)
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    onTestFinished(() => other.end())
    const waiting = `SELECT count(*) AS n FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DROP INDEX%'`
    await expect.poll(async () => Number((await other.query(waiting)).rows[0]?.n)).toBe(1)
    expect((await list(url)).filter((i) => i.partial)).toEqual([])
    await client.query('COMMIT')
    expect((await applying).length).toBeGreaterThan(40)
  })

  it('are changed by one process at a time', async () => {
    const { url, client } = await visibilityDatabase()
    await client.query('SELECT pg_advisory_lock(7203641883)')
    await expect(apply(url)).rejects.toThrow('Another process changes the indexes')
  })
})

describe('nurture temporal visibility-indexes', () => {
  async function nurture(command: string, url: string | undefined) {
    vi.stubEnv('VISIBILITY_DATABASE_URL', url ?? '')
    onTestFinished(() => void vi.unstubAllEnvs())
    const out: string[] = []
    const err: string[] = []
    const code = await runCli(['temporal', 'visibility-indexes', command], {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      write: async (text) => void out.push(text),
    })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  it.skipIf(!postgresUrl || !tool)('shows, applies and reverts', async () => {
    const { url, client } = await visibilityDatabase()
    const before = await indexesOf(client)
    const first = await nurture('status', url)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toMatch(/^0 partial, (\d+) full, [\d.]+ MB$/)
    const [, n] = /0 partial, (\d+)/.exec(first.out) ?? []
    expect((await nurture('apply', url)).out).toMatch(
      new RegExp(`^${n} indexes made partial\n${n} partial, 0 full, `),
    )
    await client.query(
      'DROP INDEX by_keyword_01; CREATE INDEX by_keyword_01 ON executions_visibility (namespace_id, keyword01)',
    )
    expect((await nurture('status', url)).out).toContain('full: by_keyword_01 (keyword01)')
    await client.query('DROP INDEX by_keyword_01')
    await client.query(before.by_keyword_01?.replace(/ true$/, '') ?? '')
    expect((await nurture('revert', url)).out).toMatch(/0 partial/)
    expect(await indexesOf(client)).toEqual(before)
  })

  it('names the variable that is missing, and the database that does not answer', async () => {
    const unset = await nurture('status', undefined)
    expect(unset).toMatchObject({ code: 2, err: expect.stringContaining('VISIBILITY_DATABASE_URL') })
    const down = await nurture('status', 'postgres://temporal:secret@127.0.0.1:9/temporal_visibility')
    expect(down).toMatchObject({ code: 1, err: expect.stringContaining('does not answer') })
    expect(down.err).not.toContain('secret')
  })

  it.skipIf(!postgresUrl)('refuses a database that is not of Temporal', async () => {
    const other = await nurture('apply', await freshDatabase(postgresUrl))
    expect(other).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no table executions_visibility'),
    })
  })
})
