import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createClosingClock, createWindowClosingJob } from '../../src/jobs/window-closing.ts'
import type { ClosingRule } from '../../src/run/closing-moment.ts'
import type { Store } from '../../src/store/db.ts'
import type { ClosingEntry } from '../../src/store/inbox/window-closing.ts'
import { openStore } from '../../src/store/open-store.ts'
import { type FollowerPatch, readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { insertRun } from '../../src/store/runs/run-rows.ts'
import { followers, inbox, runs } from '../../src/store/schema.ts'
import { planOf } from '../harness/workflow-harness.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
/** 12:00 in China. */
const NOW = Date.UTC(2026, 10, 23, 4)
const APP = 'wxA'
const UTC_8 = [[0, 8 * HOUR]] as const

let store: Store
beforeAll(async () => {
  store = await openStore({ dataDir: null })
})
beforeEach(async () => {
  for (const table of [inbox, followers, runs]) await store.db.delete(table)
})
afterAll(() => store?.close())

const entryOf = (
  rule: ClosingRule = { beforeMs: 2 * HOUR },
  more: Partial<ClosingEntry> = {},
): ClosingEntry => ({
  start: { campaign: 'recall', version: 3, event: 'window-closing' },
  rule,
  appIds: [APP],
  ...more,
})
let woken = 0
const ports = (entries: ClosingEntry[], now: number) => ({
  db: store.db,
  entries: async () => entries,
  onEvents: () => void woken++,
  now: () => now,
  log: pino({ level: 'silent' }),
})
const runJob = (entries: ClosingEntry[], now = NOW) =>
  createWindowClosingJob(ports(entries, now)).run({ lastRunAt: null })
const typed = (openId: string, endsAt: number, more: FollowerPatch = {}) =>
  saveFollower(store.db, { appId: APP, openId }, { messageGrantEndsAt: endsAt, ...more }, NOW)
const stored = async () => (await store.db.select().from(inbox)).map((row) => row.openId).sort()

describe('the windows that close', () => {
  it('are found in time, and no longer in their last minute', async () => {
    await typed('oLater', NOW + 2 * HOUR + 1)
    await typed('oNow', NOW + 2 * HOUR)
    await typed('oLate', NOW + 2 * MINUTE)
    await typed('oOver', NOW + MINUTE)
    expect(await runJob([entryOf()])).toBe('finished')
    expect(await stored()).toEqual(['oLate', 'oNow'])
    const [row] = await store.db.select().from(inbox)
    expect(row).toMatchObject({
      kind: 'window-closing',
      dedupeKey: expect.stringMatching(/^window-closing-[\w-]{32}$/),
      event: { scene: null, start: { campaign: 'recall', version: 3, event: 'window-closing' } },
    })
    expect((row?.createTime ?? 0) + (row?.event?.aheadMs ?? 0)).toBe(NOW)
    expect(woken).toBeGreaterThan(0)
  })

  it('have one event for each grant', async () => {
    await typed('oOne', NOW + HOUR)
    await runJob([
      entryOf(),
      entryOf({ beforeMs: 3 * HOUR }, { start: { campaign: 'b', version: 1, event: 'window-closing' } }),
    ])
    // A repeated callback of the same message.
    await typed('oOne', NOW + HOUR)
    await runJob([entryOf()])
    expect(await stored()).toEqual(['oOne'])
    expect(await readFollower(store.db, { appId: APP, openId: 'oOne' })).toMatchObject({
      messageGrantEndsAt: null,
    })
    await typed('oOne', NOW + 90 * MINUTE)
    await runJob([entryOf()])
    expect(await stored()).toEqual(['oOne', 'oOne'])
  })

  it('wait while something else has the follower, and come when it is over', async () => {
    const soon = NOW + HOUR
    await typed('oAgent', soon, { agent: true, agentAt: NOW - 10 * MINUTE })
    await typed('oPaused', soon, { paused: true })
    await typed('oOptedOut', soon, { optedOutAt: NOW - HOUR })
    await typed('oRunning', soon)
    const key = {
      at: NOW,
      seq: 1,
      key: 'k',
      event: 'message',
      qrScene: null,
      eventKey: null,
      text: null,
    } as const
    await insertRun(store.db, { appId: APP, openId: 'oRunning' }, { entry: key, plan: planOf([]) }, [], NOW)
    await runJob([entryOf()])
    expect(await stored()).toEqual([])
    await store.db.update(runs).set({ status: 'ended' })
    await store.db.update(followers).set({ paused: false })
    await runJob([entryOf()], NOW + 21 * MINUTE)
    expect(await stored()).toEqual(['oAgent', 'oPaused', 'oRunning'])
  })

  it('are those of the accounts of the campaign', async () => {
    await typed('oOne', NOW + HOUR)
    await runJob([entryOf(undefined, { appIds: ['wxB'] }), entryOf(undefined, { appIds: [] })])
    expect(await stored()).toEqual([])
  })

  it('close before the quiet hours, in which nothing begins', async () => {
    const rule = { beforeMs: 2 * HOUR, quiet: { from: 22 * 60, to: 8 * 60 }, zone: UTC_8 }
    const at = (hours: number) => NOW + (hours - 12) * HOUR
    await typed('oNight', at(29))
    await runJob([entryOf(rule)], at(21.8))
    expect(await stored()).toEqual([])
    await runJob([entryOf(rule)], at(23))
    expect(await stored()).toEqual([])
    await runJob([entryOf(rule)], at(21.9))
    expect(await stored()).toEqual(['oNight'])
  })

  it('are all stored when there are many', async () => {
    await Promise.all(Array.from({ length: 250 }, (_, i) => typed(`o${i}`, NOW + HOUR + i)))
    // A round that takes long is continued by the next one.
    while ((await runJob([entryOf()])) === 'unfinished');
    expect(await stored()).toHaveLength(250)
  })
})

describe('the clock of one follower', () => {
  it('says when the run begins, and begins it then', async () => {
    await typed('oOne', NOW + 5 * HOUR)
    const clock = createClosingClock(ports([entryOf()], NOW))
    const follower = { appId: APP, openId: 'oOne' }
    expect(await clock.nextAt(follower, NOW)).toBe(NOW + 3 * HOUR)
    expect(await clock.arriveAt(follower, NOW + 3 * HOUR - 1)).toBe(false)
    expect(await clock.arriveAt(follower, NOW + 3 * HOUR)).toBe(true)
    expect([await clock.nextAt(follower, NOW + 3 * HOUR), await stored()]).toEqual([null, ['oOne']])
    expect(await clock.nextAt({ appId: 'wxB', openId: 'oOne' }, NOW)).toBeNull()
  })
})
