import { createInterface } from 'node:readline'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import { createServices } from '../../src/bootstrap/services.ts'
import { SECOND_MS } from '../../src/shared/time-units.ts'
import type { Db } from '../../src/store/db.ts'
import { openStore } from '../../src/store/open-store.ts'
import { deliveries, runs } from '../../src/store/schema.ts'
import { execute } from '../../src/store/sql.ts'
import { addActivity, slotOf } from '../../src/store/statistics/activity-counts.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { ADMIN_TOKEN, SERVICE_CONFIG, STORE_KEY } from './service-settings.ts'
import '../../test/harness/setup/silence-sdk.ts'

/**
 * The console of a filled store, in a process of its own. Prints its URL. Reads lines `EVENTS SECONDS` from standard input: adds so
 * many events a second to the store, and prints `done COUNT`.
 */
interface Settings {
  dataDir: string | null
  databaseUrl?: string
  temporalAddress: string
}

const TICK_MS = 100
/** Of the events, those that are a follower's entry. The others are messages. */
const ENTRIES = 0.2

const { temporalAddress, ...where } = JSON.parse(process.argv[2] ?? '{}') as Settings
const store = await openStore(where)
const temporal = connectTemporal({ namespace: 'default', connection: { address: temporalAddress } }, 'bench')
const log = pino({ level: 'error' }, pino.destination(2))
const services = createServices({
  config: SERVICE_CONFIG,
  db: store.db,
  temporal,
  encryptionKey: STORE_KEY,
  log,
})
await services.reloadConfig()
const links = () => ({ simulatorUrl: null, temporalUiUrl: null, namespace: 'default' })
const server = await listen(createHttpApp(services, { adminToken: ADMIN_TOKEN, links }), 0, '127.0.0.1')
process.stdout.write(`${server.url}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const [rate = 0, seconds = 0] = line.split(' ').map(Number)
  process.stdout.write(`done ${await addEvents(store.db, rate, seconds)}\n`)
}
await server.close()
await temporal.close()
await store.close()

/** @returns how many were added */
async function addEvents(db: Db, rate: number, seconds: number): Promise<number> {
  const began = performance.now()
  let added = 0
  for (;;) {
    const passedMs = performance.now() - began
    if (passedMs >= seconds * SECOND_MS) return added
    const due = Math.floor((passedMs / SECOND_MS) * rate) - added
    if (due > 0) await addBatch(db, due, added)
    added += Math.max(0, due)
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
}

async function addBatch(db: Db, count: number, first: number): Promise<void> {
  const now = Date.now()
  const entries = Math.round(count * ENTRIES)
  await execute(
    db,
    sql`INSERT INTO ${runs} SELECT c.* FROM ${runs} r
      CROSS JOIN LATERAL jsonb_populate_record(r, jsonb_build_object('run_key', 'live-' || ${first}::integer || '-' || r.run_key,
        'open_id', substr(r.open_id, 1, 20) || '-' || ${first}::integer, 'created_at', ${now}::bigint)) c
      WHERE r.run_key IN (SELECT run_key FROM ${runs} WHERE status = 'active' ORDER BY run_key LIMIT ${entries}::integer)`,
  )
  await execute(
    db,
    sql`INSERT INTO ${deliveries} (run_key, step_id, app_id, state, attempts, ended_at, sent_at, updated_at)
      SELECT r.run_key, 'live-' || ${first}::integer, r.app_id, 'sent', 1, ${now}::bigint, ${now}::bigint, ${now}::bigint
      FROM (SELECT run_key, app_id FROM ${runs} WHERE status = 'ended' LIMIT ${count - entries}::integer) r`,
  )
  await addActivity(db, slotOf(now), [
    { metric: 'entered', label: '', n: entries },
    { metric: 'send', label: 'sent', n: count - entries },
    { metric: 'late', label: '0.5', n: count - entries },
  ])
}
