import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { PreparedStatements } from './pglite-statements.ts'

const SECOND = 1_000
let pglite: PGlite
let now = 0
beforeAll(async () => {
  pglite = await PGlite.create('memory://')
}, SLOW_UNIT_TIMEOUT_MS)
afterAll(() => pglite.close())

describe('a prepared statement of PGlite', () => {
  let statements: PreparedStatements
  beforeEach(async () => {
    now = 0
    statements = new PreparedStatements(pglite, () => now)
    await pglite.exec(
      'DEALLOCATE ALL; DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY, a text, b jsonb, c boolean, d text[])',
    )
  })

  const prepared = async () =>
    (await pglite.query<{ statement: string }>('SELECT statement FROM pg_prepared_statements')).rows.map(
      (r) => r.statement,
    )
  const insert = (id: number) =>
    statements.query('INSERT INTO t VALUES ($1, $2, $3, $4, $5)', [id, 'x', { n: 1 }, true, ['p', 'q']])

  it('gives the results of PGlite, for every type and row mode, each time', async () => {
    const text = 'SELECT id, a, b, c, d, $1::int AS e FROM t WHERE id = $2'
    expect(await insert(1)).toMatchObject({ affectedRows: 1, rows: [] })
    await statements.query('INSERT INTO t (id) VALUES ($1)', [2])
    for (const rowMode of ['object', 'array'] as const) {
      for (const params of [
        [7, 1],
        [null, 2],
        [8, 3],
      ]) {
        const options = { rowMode, parsers: { 20: (value: string) => `n${value}` } }
        expect(await statements.query(text, params, options)).toEqual(
          await pglite.query(text, params, options),
        )
      }
    }
  })

  it('is kept for the next query with the same text', async () => {
    for (let id = 1; id <= 5; id++) await insert(id)
    expect(await prepared()).toEqual(['INSERT INTO t VALUES ($1, $2, $3, $4, $5)'])
  })

  it('is prepared again after a hundred uses, and after ten seconds, so that its plan fits the tables', async () => {
    const names = async () => (await pglite.query('SELECT name FROM pg_prepared_statements')).rows
    await statements.query('SELECT $1::int', [1])
    const [first] = await names()
    for (let i = 2; i <= 100; i++) await statements.query('SELECT $1::int', [i])
    expect(await names()).toEqual([first])
    await statements.query('SELECT $1::int', [101])
    const [second] = await names()
    expect(second).not.toEqual(first)
    now = 11 * SECOND
    await statements.query('SELECT $1::int', [102])
    expect(await names()).toHaveLength(1)
    expect(await names()).not.toEqual([second])
  })

  it('makes room for newer ones when a hundred are kept', async () => {
    for (let i = 0; i < 101; i++) await statements.query(`SELECT ${i}`)
    const kept = await prepared()
    expect(kept).toHaveLength(100)
    expect(kept).not.toContain('SELECT 0')
  })

  it('reports an error with its code, and works again after it', async () => {
    await insert(1)
    await expect(insert(1)).rejects.toMatchObject({ code: '23505' })
    await expect(statements.query('SELECT nothing')).rejects.toMatchObject({ code: '42703' })
    expect(await insert(2)).toMatchObject({ affectedRows: 1 })
  })

  it('is replaced when the schema changed, or when it is gone', async () => {
    const text = 'SELECT * FROM t'
    await insert(1)
    await statements.query(text)
    await pglite.exec('ALTER TABLE t ADD COLUMN f int DEFAULT 9')
    expect((await statements.query(text)).rows).toMatchObject([{ id: 1, f: 9 }])
    await statements.query(text)
    await pglite.exec('DEALLOCATE ALL')
    expect((await statements.query(text)).rows).toMatchObject([{ id: 1, f: 9 }])
  })

  it('waits for the end of a transaction', async () => {
    let query: Promise<unknown> | undefined
    const aborted = pglite.transaction(async (tx) => {
      query = insert(1)
      await tx.query('SELECT 1')
      await tx.rollback()
    })
    await aborted
    await query
    expect((await pglite.query('SELECT id FROM t')).rows).toEqual([{ id: 1 }])
  })
})
