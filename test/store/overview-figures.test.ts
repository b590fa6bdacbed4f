import { expect, it } from 'vitest'
import { compileCampaign } from '../../src/campaign/compile.ts'
import { type Campaign, campaignSchema } from '../../src/campaign/model.ts'
import { createRecentActivity } from '../../src/console/campaigns/recent-activity.ts'
import { createActivityCounter } from '../../src/jobs/activity-counter.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun } from '../../src/run/state.ts'
import { createBackgroundPace } from '../../src/shared/background-pace.ts'
import { createMetrics } from '../../src/shared/metrics.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/shared/time-units.ts'
import type { Db } from '../../src/store/db.ts'
import { readEntryCounts } from '../../src/store/runs/campaign-activity.ts'
import { countOpenRuns, sampleActiveRuns } from '../../src/store/runs/due-steps.ts'
import { countActivitySince, recentActivity } from '../../src/store/runs/recent-activity.ts'
import { insertRun, saveSnapshot } from '../../src/store/runs/run-rows.ts'
import { campaigns, deliveries, goals } from '../../src/store/schema.ts'
import {
  addActivity,
  purgeActivity,
  readActivity,
  SLOT_MS,
  slotOf,
} from '../../src/store/statistics/activity-counts.ts'
import { describeOnBothStores } from '../harness/stores.ts'

const T0 = Date.UTC(2026, 10, 30, 10)
const APP = 'wxfigures00000001'
const FILE = campaignSchema.parse({
  id: 'shop',
  name: 'shop',
  entry: { event: 'subscribe' },
  steps: [{ id: 'hello', after: '1h', since: 'entry', send: { text: 'hello' } }],
}) as Campaign
const PLAN = compileCampaign(FILE, 1)

async function addRun(
  db: Db,
  key: string,
  at: number,
  outcome: 'unsubscribed' | null = null,
  campaign = PLAN.campaign,
): Promise<void> {
  const entry = {
    key,
    at,
    seq: 1,
    event: 'subscribe' as const,
    qrScene: null,
    eventKey: null,
    text: null,
  }
  const start = { plan: { ...PLAN, campaign }, entry }
  await insertRun(db, { appId: APP, openId: `o-${key}` }, start, [], at)
  if (!outcome) return
  const state = endRun(beginRun(PLAN, entry, []), outcome, null, at + HOUR_MS)
  await saveSnapshot(db, key, { state, runId: null }, at + HOUR_MS)
}

/** All counts, by slot. */
const readSlots = (db: Db) => readActivity(db, 0, [{ from: 0, until: Number.MAX_SAFE_INTEGER }])

const addCampaign = (db: Db) =>
  db
    .insert(campaigns)
    .values({ id: 'shop', version: 1, state: 'retired', bodiesVersion: null, updatedAt: T0 })

describeOnBothStores('the counts of the overview', (store) => {
  const counter = (metrics: ReturnType<typeof createMetrics>, now: () => number) =>
    createActivityCounter({ db: store().db, metrics, now, log: { warn: () => {} } })

  it('are written as differences, and added to those of other processes', async () => {
    let now = T0
    const [one, other] = [createMetrics(), createMetrics()]
    const [first, second] = [counter(one, () => now), counter(other, () => now)]
    one.runsStarted.inc(3)
    one.sends.inc({ result: 'sent', errcode: '0' }, 2)
    one.sends.inc({ result: 'refused', errcode: '43004' })
    one.stepsSkipped.inc({ reason: 'no-grant' }, 4)
    other.runsStarted.inc(5)
    await Promise.all([first.write(), first.write(), second.write()])
    one.runsStarted.inc(1)
    now += SLOT_MS
    await first.stop()
    const counts = await readSlots(store().db)
    const of = (metric: string, label = '') =>
      counts.filter((c) => c.metric === metric && c.label === label).map(({ slot, n }) => [slot - T0, n])
    expect(of('entered')).toEqual([
      [0, 8],
      [SLOT_MS, 1],
    ])
    expect(of('send', 'sent')).toEqual([[0, 2]])
    expect(of('send', 'refused')).toEqual([[0, 1]])
    expect(of('skipped', 'no-grant')).toEqual([[0, 4]])
    expect(counts.every(({ n }) => n > 0)).toBe(true)
  })

  it('are added up by the hour, but for the slots that must be apart', async () => {
    const { db } = store()
    for (let slot = 0; slot < 12; slot++)
      await addActivity(db, T0 + slot * SLOT_MS, [
        { metric: 'entered', label: '', n: 1 },
        { metric: 'ended', label: 'completed', n: 5 },
      ])
    const slots = async (...apart: Parameters<typeof readActivity>[2]) =>
      (await readActivity(db, T0 + SLOT_MS, apart)).map(({ slot, metric, n }) => [slot - T0, metric, n])
    expect(await slots()).toEqual([
      [0, 'entered', 5],
      [HOUR_MS, 'entered', 6],
    ])
    expect(await slots({ from: T0 + HOUR_MS + 4 * SLOT_MS, until: T0 + 2 * HOUR_MS })).toEqual([
      [0, 'entered', 5],
      [HOUR_MS, 'entered', 4],
      [HOUR_MS + 4 * SLOT_MS, 'entered', 1],
      [HOUR_MS + 5 * SLOT_MS, 'entered', 1],
    ])
  })

  it('have the lateness of messages by bucket, each message once', async () => {
    const metrics = createMetrics()
    for (const seconds of [0.1, 0.2, 0.7, 400_000]) metrics.unheldLateness.observe(seconds)
    await counter(metrics, () => T0).write()
    const late = (await readSlots(store().db)).filter(({ metric }) => metric === 'late')
    expect(Object.fromEntries(late.map(({ label, n }) => [label, n]))).toEqual({
      '0.5': 2,
      '1': 1,
      '+Inf': 1,
    })
  })

  it('are written by two processes at once without waiting for each other', async () => {
    const processes = Array.from({ length: 4 }, () => createMetrics())
    for (const metrics of processes)
      for (const reason of ['a', 'b', 'c', 'd']) metrics.stepsSkipped.inc({ reason })
    await Promise.all(processes.map((metrics) => counter(metrics, () => T0).write()))
    expect((await readSlots(store().db)).map(({ label, n }) => [label, n])).toEqual(
      ['a', 'b', 'c', 'd'].map((label) => [label, 4]),
    )
  })

  it('are deleted when they are old', async () => {
    const metrics = createMetrics()
    metrics.runsStarted.inc()
    await counter(metrics, () => T0).write()
    await purgeActivity(store().db, slotOf(T0))
    expect(await readSlots(store().db)).toHaveLength(1)
    await purgeActivity(store().db, slotOf(T0) + 1)
    expect(await readSlots(store().db)).toEqual([])
  })
})

describeOnBothStores('what happens now', (store) => {
  it('is the newest of entries, sends, skips and ends', async () => {
    const { db } = store()
    await addRun(db, 'a', T0)
    await addRun(db, 'b', T0 + SECOND_MS, 'unsubscribed')
    const delivery = { runKey: 'a', appId: APP, updatedAt: T0 }
    await db.insert(deliveries).values([
      { ...delivery, stepId: 'hello', state: 'sent', endedAt: T0 + 2 * HOUR_MS },
      { ...delivery, stepId: 'late', state: 'skipped', reason: 'no-grant', endedAt: T0 + 3 * HOUR_MS },
      { ...delivery, stepId: 'now', state: 'sending' },
    ])
    const happened = await recentActivity(db, 20)
    expect(happened.map(({ kind, step, reason }) => [kind, step, reason])).toEqual([
      ['skipped', 'late', 'no-grant'],
      ['sent', 'hello', null],
      ['ended', null, 'unsubscribed'],
      ['entered', null, null],
      ['entered', null, null],
    ])
    expect(happened[0]).toMatchObject({ appId: APP, openId: 'o-a', campaign: 'shop', at: T0 + 3 * HOUR_MS })
    expect(await recentActivity(db, 2)).toEqual(happened.slice(0, 2))
    expect(await countActivitySince(db, T0, 100)).toBe(4)
    expect(await countActivitySince(db, T0 + 3 * HOUR_MS, 100)).toBe(0)
  })

  it('has the active runs with their planned steps, also of retired campaigns', async () => {
    const { db } = store()
    await addCampaign(db)
    for (let i = 0; i < 30; i++) await addRun(db, `r${i}`, T0, i < 10 ? 'unsubscribed' : null)
    expect(await countOpenRuns(db)).toEqual({ active: 20, paused: 0 })
    const all = await sampleActiveRuns(db, 20, 20)
    expect(all).toHaveLength(20)
    expect(all[0]).toMatchObject({ steps: [{ id: 'hello', dueAt: T0 + HOUR_MS }], ledger: [], silent: [] })
    expect((await sampleActiveRuns(db, 20, 5)).length).toBeLessThanOrEqual(5)
  })
})

describeOnBothStores('the recent activity of campaigns', (store) => {
  const sent = (runKey: string, stepId: string) => ({
    ...{ runKey, stepId, appId: APP, state: 'sent' as const },
    ...{ endedAt: T0, updatedAt: T0 },
  })

  it('has the runs of seven days with their messages and goals, and the open runs whenever they began', async () => {
    const { db } = store()
    let now = T0
    const pace = createBackgroundPace({ none: async () => {} })
    const activity = createRecentActivity({ db, pace, now: () => now })
    const ofShop = async () => (await activity.get()).value.get('shop')
    await addCampaign(db)
    await addRun(db, 'new', T0 - HOUR_MS)
    await addRun(db, 'settled', T0 - 5 * DAY_MS, 'unsubscribed')
    await addRun(db, 'old', T0 - 8 * DAY_MS)
    await db
      .insert(deliveries)
      .values([sent('new', 'a'), sent('new', 'b'), sent('settled', 'a'), sent('old', 'a')])
    await db.insert(deliveries).values({ ...sent('new', 'c'), state: 'skipped' })
    const goal = { appId: APP, campaign: 'shop', version: 1, at: T0 }
    await db.insert(goals).values([
      { ...goal, runKey: 'settled' },
      { ...goal, runKey: 'old' },
    ])
    expect(await ofShop()).toEqual({ active: 2, entered: 2, sent: 3, goals: 1 })

    // A day whose runs have ended is not counted each time.
    await addRun(db, 'newer', T0 + SECOND_MS)
    await db.insert(deliveries).values([sent('newer', 'a'), sent('settled', 'b')])
    now += MINUTE_MS
    expect(await ofShop()).toEqual({ active: 3, entered: 3, sent: 4, goals: 1 })
    now += 10 * MINUTE_MS
    expect(await ofShop()).toEqual({ active: 3, entered: 3, sent: 5, goals: 1 })
  })

  it('is the same however many runs a statement counts', async () => {
    const { db } = store()
    const period = { from: T0, until: T0 + 10 }
    // Two arrive in the same millisecond. The last one does not belong to the period.
    for (const [i, at] of [0, 3, 3, 5, 9, 10].entries())
      await addRun(db, `k${i}`, T0 + at, null, i === 3 ? 'other' : 'shop')
    await db.insert(deliveries).values([sent('k0', 'a'), sent('k1', 'a'), sent('k2', 'a'), sent('k5', 'a')])
    for (const slice of [1, 2, 3, 10]) {
      let statements = 0
      const pause = async () => void statements++
      const counts = await readEntryCounts(db, period, { pause, slice: () => slice })
      expect(Object.fromEntries(counts)).toEqual({
        shop: { entered: 4, sent: 3, goals: 0 },
        other: { entered: 1, sent: 0, goals: 0 },
      })
      expect(statements).toBeGreaterThanOrEqual(Math.ceil(4 / slice))
    }
  })
})
