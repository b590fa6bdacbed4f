import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { COST_LIMITS } from '../../bench/cost-limits.ts'
import { NO_OPT_OUT_WORDS } from '../../src/dispatch/dispatch-context.ts'
import { createDispatchLoop } from '../../src/dispatch/dispatch-loop.ts'
import { MINUTE_MS } from '../../src/shared/time-units.ts'
import type { Store } from '../../src/store/db.ts'
import { acceptCallbacks, inboxBacklog } from '../../src/store/inbox/inbox-rows.ts'
import { openStore } from '../../src/store/open-store.ts'
import { inbox } from '../../src/store/schema.ts'
import { type RunClient, TemporalUnavailableError } from '../../src/temporal/run-client.ts'
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
afterEach(() => vi.restoreAllMocks())
afterAll(() => store?.close())

/** Temporal, which answers at once. */
const temporal: Pick<RunClient, 'startOrSignal' | 'describe' | 'signal'> = {
  startOrSignal: async () => ({ runId: crypto.randomUUID() }),
  describe: async () => null,
  signal: async () => 'ok',
}

/** A dispatcher of this store. */
function createLoop(runs: Partial<RunClient>, now: () => number) {
  const plan = planOf([{ id: 'hello', afterMs: 0 }])
  return createDispatchLoop({
    db: store.db,
    runs: runs as RunClient,
    config: {
      rulesOf: () => 'wechat-2023',
      planOf: async () => ({ plan, reentry: 'never' }),
      optOutWords: () => NO_OPT_OUT_WORDS,
      cohortOf: async () => null,
      isRegistered: () => true,
    },
    now,
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
    ownerId: crypto.randomUUID(),
  })
}

function rowOf(kind: 'subscribe' | 'text', i: number) {
  return {
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
  }
}

/** Dispatches events of as many followers. @returns the statements per event */
async function dispatchAll(kind: 'subscribe' | 'text'): Promise<number> {
  await acceptCallbacks(
    store.db,
    Array.from({ length: FOLLOWS }, (_, i) => rowOf(kind, i)),
  )
  statements.length = 0
  const loop = createLoop(temporal, () => NOW)
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

it('an event that starts a run costs no more statements than its limit', async () => {
  expect(await dispatchAll('subscribe')).toBeLessThanOrEqual(COST_LIMITS.statements.event)
})

it('an event that signals a run costs no more statements than its limit', async () => {
  expect(await dispatchAll('text')).toBeLessThanOrEqual(COST_LIMITS.statements.event)
})

it('an event that another process has dispatched meanwhile does not make the dispatcher poll', async () => {
  const clock = { at: NOW }
  const unavailable = createLoop(
    {
      ...temporal,
      startOrSignal: async () => {
        throw new TemporalUnavailableError('test')
      },
    },
    () => clock.at,
  )
  await acceptCallbacks(store.db, [rowOf('subscribe', FOLLOWS)])
  unavailable.start()
  const isPostponed = async () => (await store.db.select().from(inbox)).some((row) => row.retryAt !== null)
  await waitFor(isPostponed)
  clock.at += MINUTE_MS
  const other = createLoop(temporal, () => clock.at)
  other.start()
  await waitFor(() => inboxBacklog(store.db), { until: ({ pending }) => pending === 0 })
  await other.stop()

  const timers = vi.spyOn(globalThis, 'setTimeout')
  const delays = () => timers.mock.calls.map(([, ms]) => ms)
  unavailable.wake()
  await waitFor(() => delays().length > 0)
  await unavailable.stop()
  expect(delays()).toEqual([5_000])
})
