import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NO_OPT_OUT_WORDS } from '../../src/dispatch/dispatch-context.ts'
import { createDispatchLoop } from '../../src/dispatch/dispatch-loop.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun } from '../../src/run/state.ts'
import type { Store } from '../../src/store/db.ts'
import { acceptCallbacks, inboxBacklog } from '../../src/store/inbox/inbox-rows.ts'
import { openStore } from '../../src/store/open-store.ts'
import { endRunFromOutside, insertRun, runsByFollower } from '../../src/store/runs/run-rows.ts'
import type { RunClient } from '../../src/temporal/run-client.ts'
import { waitFor } from '../harness/wait-for.ts'
import { planOf } from '../harness/workflow-harness.ts'

const NOW = 1_800_000_000_000
const plan = planOf([{ id: 'hello', afterMs: 0 }])

let store: Store
beforeAll(async () => {
  store = await openStore({ dataDir: null })
})
afterAll(() => store?.close())

it.each(['completed', 'window-closed'] as const)(
  'an entry waits until the run before, %s in the store, has closed in Temporal',
  async (outcome) => {
    const { db } = store
    const follower = { appId: 'wxA', openId: outcome }
    const before = `before ${outcome}`
    const entry = {
      at: NOW - 60_000,
      seq: 0,
      key: before,
      event: 'click',
      qrScene: null,
      eventKey: 'ask',
      text: null,
    }
    const start = { entry: { ...entry, event: 'click' as const }, plan }
    await insertRun(db, follower, start, [], NOW)
    const ended = endRun(beginRun(plan, start.entry, []), outcome, null, NOW)
    await endRunFromOutside(db, before, 0, ended, NOW)

    /** Temporal, in which the run before is still open for two looks. */
    let looks = 0
    const openAtStart: boolean[] = []
    const temporal: Pick<RunClient, 'startOrSignal' | 'describe'> = {
      describe: async () => ({
        open: ++looks <= 2,
        completed: looks > 2,
        runKey: before,
        runId: 'r1',
        waitsForWorker: looks <= 2,
      }),
      startOrSignal: async () => {
        openAtStart.push(looks <= 2)
        return { runId: 'r2' }
      },
    }
    await acceptCallbacks(db, [
      {
        ...follower,
        dedupeKey: `again ${outcome}`,
        kind: 'CLICK',
        createTime: NOW,
        receivedAt: NOW,
        event: {
          kind: 'CLICK',
          scene: 'menu',
          text: null,
          qrScene: null,
          eventKey: 'ask',
          start: { campaign: 'welcome', version: 1, event: 'click' },
        },
        reply: null,
      },
    ])
    const loop = createDispatchLoop({
      db,
      runs: temporal as RunClient,
      config: {
        rulesOf: () => 'wechat-2023',
        planOf: async () => ({ plan, reentry: 'always' }),
        optOutWords: () => NO_OPT_OUT_WORDS,
        cohortOf: async () => null,
        isRegistered: () => true,
      },
      now: Date.now,
      log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      ownerId: crypto.randomUUID(),
    })
    loop.start()
    await waitFor(() => inboxBacklog(db), { until: ({ pending }) => pending === 0 })
    await loop.stop()

    expect(openAtStart).toEqual([false])
    expect((await runsByFollower(db, follower)).map((r) => r.runKey).sort()).toEqual([
      `again ${outcome}`,
      before,
    ])
  },
)
