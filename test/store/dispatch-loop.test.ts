import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { NO_OPT_OUT_WORDS } from '../../src/dispatch/dispatch-context.ts'
import { createDispatchLoop, type DispatchLoopDeps } from '../../src/dispatch/dispatch-loop.ts'
import type { Store } from '../../src/store/db.ts'
import { acceptCallbacks, inboxBacklog } from '../../src/store/inbox/inbox-rows.ts'
import { openStore } from '../../src/store/open-store.ts'
import { inbox } from '../../src/store/schema.ts'
import type { RunClient } from '../../src/temporal/run-client.ts'
import { waitFor } from '../harness/wait-for.ts'
import { planOf } from '../harness/workflow-harness.ts'

let store: Store
let onStatement = (_statement: string) => {}
beforeAll(async () => {
  store = await openStore({ dataDir: null }, (statement) => onStatement(statement))
})
beforeEach(async () => {
  onStatement = () => {}
  await store.db.delete(inbox)
})
afterEach(() => vi.restoreAllMocks())
afterAll(() => store?.close())

const isClaim = (statement: string) => statement.includes('WITH RECURSIVE')
const pending = async () => (await inboxBacklog(store.db)).pending
/** More events than the dispatcher starts without reading the backlog of Temporal. */
const MANY = 110

/** A dispatcher of this store, with a Temporal that answers at once, until the end of the test. */
function createLoop(more: Partial<DispatchLoopDeps> = {}, started: (appId: string) => void = () => {}) {
  const temporal: Pick<RunClient, 'startOrSignal' | 'describe'> = {
    startOrSignal: async ({ appId }) => {
      started(appId)
      return { runId: crypto.randomUUID() }
    },
    describe: async () => null,
  }
  const plan = planOf([{ id: 'hello', afterMs: 0 }])
  const loop = createDispatchLoop({
    db: store.db,
    runs: temporal as RunClient,
    config: {
      rulesOf: () => 'wechat-2023',
      planOf: async () => ({ plan, reentry: 'never' }),
      optOutWords: () => NO_OPT_OUT_WORDS,
      cohortOf: async () => null,
      isRegistered: () => true,
    },
    now: Date.now,
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
    ownerId: crypto.randomUUID(),
    ...more,
  })
  onTestFinished(() => loop.stop())
  return loop
}

/** Accepts the follows of as many new followers. */
async function follow(appId: string, count: number): Promise<void> {
  const now = Date.now()
  await acceptCallbacks(
    store.db,
    Array.from({ length: count }, () => {
      const openId = `o${crypto.randomUUID()}`
      return {
        appId,
        openId,
        dedupeKey: openId,
        kind: 'subscribe',
        createTime: now,
        receivedAt: now,
        event: {
          kind: 'subscribe',
          scene: 'subscribe' as const,
          text: null,
          qrScene: null,
          eventKey: null,
          start: { campaign: 'welcome', version: 1, event: 'subscribe' as const },
        },
        reply: null,
      }
    }),
  )
}

describe('a dispatcher that is stopped', () => {
  it('while it reads how many runs wait: claims nothing', async () => {
    await follow('wxA', MANY)
    let answer = (_waiting: number) => {}
    const reading = vi.fn(() => new Promise<number>((resolve) => (answer = resolve)))
    const loop = createLoop({ readBacklog: reading })
    loop.start()
    await waitFor(() => reading.mock.calls.length > 0)
    await loop.stop()
    const claims: string[] = []
    onStatement = (statement) => isClaim(statement) && claims.push(statement)
    const left = await pending()
    answer(0)
    await new Promise(setImmediate)
    expect(claims).toEqual([])
    expect(await pending()).toBe(left)
    // No lease delays any event after the next start.
    loop.start()
    await waitFor(pending, { until: (count) => count === 0 })
  })

  it('while it claims: dispatches what it has claimed first', async () => {
    await follow('wxA', 3)
    const loop = createLoop()
    const stopped = new Promise<void>((resolve, reject) => {
      onStatement = (statement) => {
        if (isClaim(statement)) loop.stop().then(resolve, reject)
      }
    })
    loop.start()
    await stopped
    expect(await pending()).toBe(0)
  })
})

describe('a dispatcher beside callbacks that wait for their answer', () => {
  it('does not rest for long after an event that waited for Temporal', async () => {
    await follow('wxA', 3)
    let laterMs = 0
    const { now } = performance
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + laterMs)
    const loop = createLoop({ isBusy: () => true }, () => {
      laterMs += laterMs === 0 ? 10_000 : 0
    })
    loop.start()
    await waitFor(pending, { until: (count) => count === 0, timeoutMs: 10_000 })
  })

  it('serves accounts in turn, although it claims one event at a time', async () => {
    await follow('wxBurst', 30)
    await follow('wxOther', 2)
    await follow('wxAnother', 2)
    const served: string[] = []
    createLoop({ isBusy: () => true }, (appId) => served.push(appId)).start()
    await waitFor(() => served.length >= 6)
    expect(served.slice(0, 6).filter((appId) => appId !== 'wxBurst')).toHaveLength(4)
  })
})
