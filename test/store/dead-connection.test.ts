import { sql } from 'drizzle-orm'
import pg from 'pg'
import { describe, expect, inject, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { execute } from '../../src/store/sql.ts'
import { freshDatabase } from '../harness/stores.ts'

const url = inject('postgresUrl')

describe.skipIf(!url)('a connection that the database closes', () => {
  it('between two statements of a transaction fails that transaction, and nothing else', async () => {
    const databaseUrl = await freshDatabase(url)
    const store = await openStore({ databaseUrl, dataDir: null })
    const admin = new pg.Client({ connectionString: databaseUrl })
    await admin.connect()
    const errors: unknown[] = []
    const note = (err: unknown) => errors.push(err)
    process.on('uncaughtException', note)
    try {
      const cut = store.db.transaction(async (tx) => {
        const { rows } = await execute<{ pid: number }>(tx, sql`SELECT pg_backend_pid() AS pid`)
        const pid = rows[0]?.pid
        await admin.query('SELECT pg_terminate_backend($1)', [pid])
        // Waits until the server has closed it.
        for (;;) {
          const { rowCount } = await admin.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid])
          if (rowCount === 0) break
        }
        // An error without a listener would end the process in this time.
        await new Promise((resolve) => setTimeout(resolve, 50))
        await execute(tx, sql`SELECT 1`)
      })
      await expect(cut).rejects.toThrow()
      expect((await execute<{ n: number }>(store.db, sql`SELECT 1 AS n`)).rows[0]?.n).toBe(1)
      expect(errors).toEqual([])
    } finally {
      process.off('uncaughtException', note)
      await admin.end()
      await store.close()
    }
  })
})
