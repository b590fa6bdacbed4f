import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import type { Store } from '../store/db.ts'
import { openStore } from '../store/open-store.ts'
import { createVacuum } from './vacuum.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const ROWS = 2_000

let store: Store
beforeEach(async () => {
  store = await openStore({ dataDir: null })
})
afterEach(() => store.close())

/** Inserts and deletes the rows of a day. @returns the size of the table after it, bytes */
async function churn(): Promise<number> {
  await store.db.execute(
    sql`INSERT INTO periodic_jobs (name) SELECT 'test-' || i || repeat('x', 200) FROM generate_series(1, ${ROWS}) AS i`,
  )
  await store.db.execute(sql`DELETE FROM periodic_jobs`)
  const { rows } = (await store.db.execute(
    sql`SELECT pg_relation_size('periodic_jobs')::int AS bytes`,
  )) as unknown as {
    rows: { bytes: number }[]
  }
  return rows[0]?.bytes ?? 0
}

it('lets new rows reuse the space of deleted rows', async () => {
  const vacuum = createVacuum({ db: store.db })
  const first = await churn()
  const withoutVacuum = await churn()
  expect(withoutVacuum).toBeGreaterThan(first * 1.5)
  await vacuum.run({ lastRunAt: null })
  expect(await churn()).toBeLessThanOrEqual(withoutVacuum)
})
