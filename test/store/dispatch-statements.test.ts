import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDispatchLoop } from '../../src/dispatch/dispatch-loop.ts'
import type { Store } from '../../src/store/db.ts'
import { acceptCallbacks, inboxBacklog } from '../../src/store/inbox/inbox-rows.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { RunClient } from '../../src/temporal/run-client.ts'
import { waitFor } from '../harness/wait-for.ts'
import { planOf } from '../harness/workflow-harness.ts'

const NOW = 1_800_000_000_000
const FOLLOWS = 40
const APP = 'wxA'

const statements: string[] = []
let store: Store
beforeAll(async () => {
  store = await openStore({ dataDir: null }, (statement) => statements.push(statement))
})
afterAll(() => store?.close())

/** Temporal, which answers at once. */
const temporal: Pick<RunClient, 'startOrSignal' | 'describe' | 'signal'> = {
  startOrSignal: async () => ({ runId: crypto.randomUUID() }),
  describe: async () => null,
  signal: async () => 'ok',
}

/** Dispatches events of as many followers. @returns the statements per event */
async function dispatchAll(kind: 'subscribe' | 'text'): Promise<number> {
  const rows = Array.from({ length: FOLLOWS }, (_, i) => ({
    appId: APP,
    openId: `o${i}`,
    dedupeKey: `${kind} ${i}`,
    kind,
    createTime: NOW + i,
    receivedAt: NOW + i,
    event: {
      kind,
      scene: kind === 'text' ? ('message' as const) : kind,
      text: kind === 'text' ? 'hello' : null,
      qrScene: null,
      eventKey: null,
      start: kind === 'subscribe' ? { campaign: 'welcome', version: 1, event: kind } : null,
    },
    reply: null,
  }))
  await acceptCallbacks(store.db, rows)
  statements.length = 0
  const plan = planOf([{ id: 'hello', afterMs: 0 }])
  const loop = createDispatchLoop({
    db: store.db,
    runs: temporal as RunClient,
    config: {
      rulesOf: () => 'wechat-2023',
      planOf: async () => ({ plan, reentry: 'ignore' as never }),
      isExitText: () => false,
      isRegistered: () => true,
    },
    now: () => NOW,
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
    ownerId: 'test',
  })
  loop.start()
  let ofDispatch = 0
  await waitFor(
    async () => {
      ofDispatch = statements.filter((s) => !s.includes('"pending"') && !s.includes('count(')).length
      return inboxBacklog(store.db)
    },
    { until: ({ pending }) => pending === 0 },
  )
  await loop.stop()
  return ofDispatch / FOLLOWS
}

it('an event that starts a run costs at most three statements', async () => {
  expect(await dispatchAll('subscribe')).toBeLessThanOrEqual(3)
})

it('an event that signals a run costs at most three statements', async () => {
  expect(await dispatchAll('text')).toBeLessThanOrEqual(3)
})
