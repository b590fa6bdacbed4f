import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Adapter, AdapterContext, Message } from '../adapter.ts'

const POLL_MS = 1_000
const BATCH = 100

/** A table, and a query once a second for the rows that are due. */
export const postgresPollingAdapter: Adapter = {
  title: 'PostgreSQL, polling',
  server: 'postgres',
  canCancel: true,
  recoveryMs: POLL_MS,
  settings: `a poll each ${POLL_MS / 1_000} s and after a full batch, ${BATCH} rows FOR UPDATE SKIP LOCKED`,
  async open(context) {
    const pool = new pg.Pool({ connectionString: context.url, max: 20 })
    pool.on('error', context.onError)
    await pool.query(`
      CREATE TABLE IF NOT EXISTS messages (id text PRIMARY KEY, due_at bigint NOT NULL, message jsonb NOT NULL);
      CREATE INDEX IF NOT EXISTS messages_due ON messages (due_at)`)
    void pollUntilKilled(pool, context)
    return {
      async schedule(message) {
        await pool.query('INSERT INTO messages VALUES ($1, $2, $3)', [message.id, message.dueAt, message])
      },
      async cancel(id) {
        await pool.query('DELETE FROM messages WHERE id = $1', [id])
      },
    }
  },
}

async function pollUntilKilled(pool: pg.Pool, context: AdapterContext): Promise<void> {
  for (;;) {
    const found = await sendDue(pool, context).catch((err) => {
      context.onError(err)
      return 0
    })
    if (found < BATCH) await sleep(POLL_MS)
  }
}

/** Sends one batch. Its rows stay locked meanwhile, and those that were sent are deleted. */
async function sendDue(pool: pg.Pool, { send, onError }: AdapterContext): Promise<number> {
  const client = await pool.connect()
  client.on('error', onError)
  let failure: Error | undefined
  try {
    await client.query('BEGIN')
    const { rows } = await client.query<{ message: Message }>(
      'SELECT message FROM messages WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED',
      [Date.now(), BATCH],
    )
    const results = await Promise.allSettled(rows.map(({ message }) => send(message)))
    const sent = rows.filter((_, i) => results[i]?.status === 'fulfilled').map(({ message }) => message.id)
    await client.query('DELETE FROM messages WHERE id = ANY($1)', [sent])
    await client.query('COMMIT')
    return rows.length
  } catch (err) {
    failure = err instanceof Error ? err : new Error(String(err))
    throw failure
  } finally {
    client.off('error', onError)
    // A connection with an error is closed, so PostgreSQL rolls back.
    client.release(failure)
  }
}
