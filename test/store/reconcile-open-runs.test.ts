import type { Client } from '@temporalio/client'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { OpenExecutionReconciler } from '../../src/jobs/reconcile-open-executions.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun } from '../../src/run/state.ts'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { HOUR_MS } from '../../src/shared/time-units.ts'
import type { Store } from '../../src/store/db.ts'
import { openStore } from '../../src/store/open-store.ts'
import { endRunFromOutside, insertRun } from '../../src/store/runs/run-rows.ts'
import { accounts } from '../../src/store/schema.ts'
import type { RunClient } from '../../src/temporal/run-client.ts'
import { planOf } from '../harness/workflow-harness.ts'

const NOW = 1_800_000_000_000
const APP = 'wxA'
const plan = planOf([{ id: 'hello', afterMs: 0 }])

let store: Store
beforeAll(async () => {
  store = await openStore({ dataDir: null })
})
afterAll(() => store?.close())

it('a run that has written its end is not cancelled while it waits for a worker to close it', async () => {
  const { db } = store
  const account = { appId: APP, name: 'test', mode: 'plain' as const, stateSince: NOW }
  await db
    .insert(accounts)
    .values({ ...account, appSecretSealed: '', tokenSealed: '', createdAt: NOW, updatedAt: NOW })
  for (const openId of ['waits', 'idle']) {
    const entry = {
      at: NOW,
      seq: 0,
      key: openId,
      event: 'click' as const,
      qrScene: null,
      eventKey: null,
      text: null,
    }
    await insertRun(db, { appId: APP, openId }, { entry, plan }, [], NOW)
    await endRunFromOutside(db, openId, 0, endRun(beginRun(plan, entry, []), 'completed', null, NOW), NOW)
  }
  const signals: unknown[] = []
  const runs: Pick<RunClient, 'describe' | 'signal'> = {
    describe: async ({ openId }) => ({
      open: true,
      completed: false,
      runKey: openId,
      runId: openId,
      waitsForWorker: openId === 'waits',
    }),
    signal: async ({ openId }, name) => {
      signals.push([openId, name])
      return 'ok'
    },
  }
  async function* list() {
    for (const openId of ['waits', 'idle'])
      yield { workflowId: workflowIdOf(APP, openId), runId: openId, memo: { runKey: openId } }
  }
  const client = { workflow: { list } } as unknown as Client
  const deps = {
    db,
    client,
    runs: runs as RunClient,
    now: () => NOW + HOUR_MS,
    log: pino({ level: 'silent' }),
  }
  await new OpenExecutionReconciler(deps).reconcileNextBatch()
  expect(signals).toEqual([['idle', 'cancel']])
})

it('an execution that is slow to take its signal does not delay the others', async () => {
  const followers = ['slow', ...Array.from({ length: 30 }, (_, i) => `o${i}`)]
  const asked: string[] = []
  let answer = () => {}
  const slow = new Promise<'ok'>((resolve) => {
    answer = () => resolve('ok')
  })
  const signal: RunClient['signal'] = async ({ openId }, name) => {
    asked.push(`${openId} ${name}`)
    return openId === 'slow' ? slow : openId === 'o0' ? 'not-open' : 'ok'
  }
  async function* list() {
    for (const openId of followers) yield { workflowId: workflowIdOf(APP, openId), runId: openId }
    // Another program's.
    yield { workflowId: 'order-1', runId: 'r' }
  }
  const resyncing = new OpenExecutionReconciler({
    db: store.db,
    client: { workflow: { list } } as unknown as Client,
    runs: { signal } as RunClient,
    now: () => NOW,
    log: pino({ level: 'silent' }),
  }).resyncAll()
  await expect.poll(() => asked.length).toBe(followers.length)
  expect(asked).toContain('o29 resync')
  answer()
  expect(await resyncing).toBe(followers.length - 1)
})
