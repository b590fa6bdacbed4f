import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGroupCommit } from '../../src/callback/accept/group-commit.ts'
import {
  type Accepted,
  acceptCallback,
  acceptCallbacks,
  type NewInboxRow,
} from '../../src/store/inbox/inbox-rows.ts'
import { openStore } from '../../src/store/open-store.ts'
import { startPostgres } from '../../test/harness/setup/postgres.ts'
import { percentile, runConcurrently } from '../stats.ts'
import type { Row } from './rows.ts'
import type { TargetName } from './target.ts'

const EVENTS = 5_000
const CONCURRENCIES = [1, 50, 500]

/**
 * The effect of group commit: the same events into the same store, in single statements and in groups. Nothing else runs in
 * this process. CPU time is the figure that other work on the machine affects least.
 */
export async function measureInserts(name: TargetName): Promise<Row[] | null> {
  const postgres = name === 'postgres' ? await startPostgres() : null
  if (name === 'postgres' && !postgres) return null
  const dataDir = mkdtempSync(join(tmpdir(), 'follower-nurture-inserts-'))
  const store = await openStore({ dataDir, databaseUrl: postgres?.url })
  const group = createGroupCommit<NewInboxRow, Accepted>({
    store: (rows) => acceptCallbacks(store.db, rows),
    timeoutMs: Number.POSITIVE_INFINITY,
    now: () => performance.now(),
  })
  const alone = (row: NewInboxRow) => acceptCallback(store.db, row)
  let made = 0
  const round = async (concurrency: number, accept: (row: NewInboxRow) => Promise<Accepted | Error>) => {
    const times: number[] = []
    const count = concurrency === 1 ? EVENTS / 10 : EVENTS
    const [cpu, began] = [process.cpuUsage(), performance.now()]
    await runConcurrently(count, concurrency, async () => {
      const at = performance.now()
      await accept(follow(made++))
      times.push(performance.now() - at)
    })
    const [{ user, system }, ms] = [process.cpuUsage(cpu), performance.now() - began]
    const each = (user + system) / 1_000 / count
    return `${Math.round((count / ms) * 1_000)}/s, ${each.toFixed(2)} ms of CPU each, p99 ${percentile(times, 0.99).toFixed(0)} ms`
  }
  await round(50, alone)
  const rows: Row[] = []
  for (const concurrency of CONCURRENCIES) {
    const command = 'npm run load -- inserts'
    const what = (how: string) => `events stored, ${concurrency} at a time, ${how}, ${store.kind}`
    rows.push({ what: what('one statement each'), value: await round(concurrency, alone), command })
    rows.push({ what: what('group commit'), value: await round(concurrency, group.accept), command })
  }
  await store.close()
  await postgres?.stop()
  rmSync(dataDir, { recursive: true, force: true })
  return rows
}

function follow(i: number): NewInboxRow {
  const now = Date.now()
  const event = { kind: 'subscribe', scene: 'subscribe' as const, text: null, qrScene: null, eventKey: null }
  return {
    appId: 'wxload00000000009',
    openId: `oInsert${i}`,
    dedupeKey: `insert-${i}`,
    kind: 'subscribe',
    createTime: now,
    receivedAt: now,
    event: { ...event, start: { campaign: 'load', version: 1, event: 'subscribe' } },
    reply: { kind: 'text', content: 'hi' },
  }
}
