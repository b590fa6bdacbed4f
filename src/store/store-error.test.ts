import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../test/harness/stores.ts'
import { acceptCallback, type NewInboxRow } from './inbox/inbox-rows.ts'
import { openStore } from './open-store.ts'
import { execute } from './sql.ts'
import { StoreError } from './store-error.ts'

const SECRET = 'words of a follower'
const row = (columns: Partial<Record<keyof NewInboxRow, unknown>>) =>
  ({
    appId: 'wxA',
    openId: SECRET,
    dedupeKey: 'k',
    kind: 'text',
    createTime: 1,
    receivedAt: 1,
    event: { text: SECRET },
    reply: null,
    ...columns,
  }) as NewInboxRow

/** Everything that a logger or Temporal could write of an error: messages, stacks and fields, also of its causes. */
function writtenOf(err: unknown): string {
  if (!(err instanceof Error)) return String(err)
  const fields = JSON.stringify({ ...err })
  return [err.message, err.stack, fields, err.cause ? writtenOf(err.cause) : ''].join('\n')
}

describeOnBothStores('an error of the store', (store) => {
  it.each([
    ['a refused value', { receivedAt: 'not a number' }, '22P02'],
    ['a violated constraint, where the database would print the row', { kind: null }, '23502'],
  ])('has the reason, but no values: %s', async (_, columns, code) => {
    const err = await acceptCallback(store().db, row(columns)).catch((e: unknown) => e)
    expect(err).toBeInstanceOf(StoreError)
    expect(err).toMatchObject({ code, statement: expect.stringContaining('insert into "inbox"') })
    expect(writtenOf(err)).not.toContain(SECRET)
  })

  it('has no values in a hand-written statement or a transaction', async () => {
    const bad = sql`SELECT ${SECRET}::text, (${'x'}::text)::bigint`
    const alone = await execute(store().db, bad).catch((e: unknown) => e)
    const within = await store()
      .db.transaction((tx) => execute(tx, bad))
      .catch((e: unknown) => e)
    for (const err of [alone, within]) {
      expect(err).toMatchObject({ name: 'StoreError', code: '22P02' })
      expect(writtenOf(err)).not.toContain(SECRET)
    }
  })
})

it('an error of a closed store has no values either', async () => {
  const store = await openStore({ dataDir: null })
  await store.close()
  const err = await acceptCallback(store.db, row({})).catch((e: unknown) => e)
  expect(err).toMatchObject({ name: 'StoreError', message: expect.stringMatching(/closed/i) })
  expect(writtenOf(err)).not.toContain(SECRET)
})
