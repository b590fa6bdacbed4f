import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Statistics } from '../../src/campaign/statistics/report.ts'
import { applyInteraction, beginRun } from '../../src/run/run-events.ts'
import { endRun } from '../../src/run/state.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/shared/time-units.ts'
import { finishDispatch } from '../../src/store/inbox/finish-dispatch.ts'
import { acceptCallback, purgeInbox } from '../../src/store/inbox/inbox-rows.ts'
import { createLink, recordClick } from '../../src/store/links/links.ts'
import { anonymiseRuns } from '../../src/store/runs/anonymise-runs.ts'
import { eraseFollower } from '../../src/store/runs/erase-follower.ts'
import { purgeRuns } from '../../src/store/runs/purge-runs.ts'
import { endRunFromOutside, insertRun, saveSnapshot } from '../../src/store/runs/run-rows.ts'
import { deliveries, goals, inbox, runs } from '../../src/store/schema.ts'
import { countRuns } from '../../src/store/statistics/count-runs.ts'
import { readCampaignStatistics } from '../../src/store/statistics/read-statistics.ts'
import { readReplyTimes } from '../../src/store/statistics/reply-times.ts'
import {
  addRun,
  anyWay,
  entryOf,
  SHOP_PLAN,
  shopCampaigns,
  T0,
  type Way,
  wayOf,
} from '../fixtures/shop-runs.ts'
import { propertyRuns } from '../harness/property-runs.ts'
import { describeOnBothStores } from '../harness/stores.ts'

describeOnBothStores('the statistics of a campaign', (store) => {
  const db = () => store().db
  const read = (
    filter: Parameters<typeof readCampaignStatistics>[2] = {},
    parts: Parameters<typeof readCampaignStatistics>[3] = {},
  ) => readCampaignStatistics({ db: db(), campaigns: shopCampaigns }, 'shop', filter, parts)

  const add = (run: Way) => addRun(db(), run)
  const purgeAll = async () => {
    await anonymiseRuns(db(), { before: T0 + DAY_MS, after: null, limit: 1_000 })
    while ((await purgeRuns(db(), { before: T0 + DAY_MS, limit: 3 })) > 0);
  }

  it('count when followers first wrote, in the runs of a period', async () => {
    await add(wayOf('k1', { repliedAfterMs: 60 * SECOND_MS }))
    await add(wayOf('k2', { repliedAfterMs: 61 * SECOND_MS }))
    await add(wayOf('k3', { repliedAfterMs: 20 * HOUR_MS, outcome: null }))
    await add(wayOf('k4'))
    const period = { from: T0, to: T0 + 1 }
    expect(await readReplyTimes(db(), 'shop', period)).toEqual({ runs: 4, soon: 1, later: 2 })
    expect(await readReplyTimes(db(), 'other', period)).toEqual({ runs: 0, soon: 0, later: 0 })
    expect(await readReplyTimes(db(), 'shop', { from: T0 - DAY_MS, to: T0 })).toMatchObject({ runs: 0 })
  })

  it('count each run and step by what became of it', async () => {
    await add(wayOf('k1', { repliedAfterMs: 90 * SECOND_MS, scene: 'expo-a*' }))
    await add(
      wayOf('k2', { took: -1, states: ['sent', 'sent', 'skipped', 'unknown', 'pending'], outcome: null }),
    )
    await add(wayOf('k3', { day: '2026-12-01', outcome: 'unsubscribed' }))
    const { runs: counted, steps, forks, days, scenes } = await read()
    expect(counted).toEqual({
      ...{ entered: 3, replied: 1, goals: 0, value: 0, unfollowed: 1, active: 1, uncounted: 0 },
      ended: { completed: 1, unsubscribed: 1 },
    })
    const byId = Object.fromEntries(steps.map((s) => [s.step, s]))
    expect(steps.map((s) => s.step)).toEqual(['hello', 'mark', 'a', 'b', 'bye'])
    // Not the tag after it, which is no message.
    expect(byId.hello).toMatchObject({ due: 3, sent: 3, repliedAfter: 1, unfollowedAfter: 0 })
    expect(byId.mark).toMatchObject({ sent: 3, repliedAfter: 0 })
    expect(byId.b).toMatchObject({ due: 3, sent: 0, unknown: 1, skipped: { condition: 2 } })
    expect(byId.bye).toMatchObject({ due: 2, sent: 2, unfollowedAfter: 1 })
    expect(forks).toEqual([{ fork: 'test', taken: { short: 2, else: 1 } }])
    expect(days.map(({ day, entered, unfollowed }) => [day, entered, unfollowed])).toEqual([
      ['2026-11-30', 2, 0],
      ['2026-12-01', 1, 1],
    ])
    expect(scenes.map(({ scene, entered, replied }) => [scene, entered, replied])).toEqual([
      ['', 2, 0],
      ['expo-a*', 1, 1],
    ])
  })

  it('count nothing twice when a snapshot is written again, late or by two workers', async () => {
    const state = await add(wayOf('k1'))
    const before = await read()
    await saveSnapshot(db(), 'k1', { state, runId: null }, T0)
    await add(wayOf('k1'))
    await saveSnapshot(db(), 'k1', { state: { ...state, revision: 2, steps: [] }, runId: null }, T0)
    expect(await read()).toEqual(before)
  })

  it('count a message as sent when its answer arrived after its run had ended', async () => {
    await add(wayOf('k1', { states: ['sent', 'sent', 'sent', 'skipped', 'unknown'] }))
    const bye = async () => (await read()).steps.find((s) => s.step === 'bye')
    expect(await bye()).toMatchObject({ due: 1, sent: 0, unknown: 1 })
    const late = { runKey: 'k1', stepId: 'bye', appId: 'wxA', state: 'sent' as const, updatedAt: T0 }
    await db().insert(deliveries).values(late)
    expect(await bye()).toMatchObject({ due: 1, sent: 1, unknown: 0 })
    await purgeAll()
    expect(await bye()).toMatchObject({ due: 1, sent: 1, unknown: 0 })
  })

  it('count a step that was being sent when its run was ended from outside', async () => {
    const state = await add(
      wayOf('k1', { states: ['sent', 'sent', 'sent', 'skipped', 'sending'], outcome: null }),
    )
    await endRunFromOutside(db(), 'k1', 5, endRun(state, 'account-stopped', null, T0 + HOUR_MS), T0 + HOUR_MS)
    const bye = async () => (await read()).steps.find((s) => s.step === 'bye')
    expect(await bye()).toMatchObject({ sent: 0, skipped: { 'account-stopped': 1 } })
    const late = { runKey: 'k1', stepId: 'bye', appId: 'wxA', state: 'sent' as const, updatedAt: T0 }
    await db().insert(deliveries).values(late)
    expect(await bye()).toMatchObject({ sent: 1, skipped: {} })
  })

  it('count the first click of each link of a run', async () => {
    await add(wayOf('k1'))
    await add(wayOf('k2'))
    const link = (runKey: string, name: string) =>
      createLink(db(), { runKey, stepId: 'hello', name, url: 'https://example.com/' }, T0)
    for (const token of [await link('k1', 'guide'), await link('k1', 'map'), await link('k2', 'guide')]) {
      await recordClick(db(), token, T0)
      await recordClick(db(), token, T0 + 1)
    }
    const before = await read()
    expect(before.steps[0]).toMatchObject({ step: 'hello', clicked: { guide: 2, map: 1 } })
    // The links are deleted with the personal data.
    await purgeAll()
    expect(await read()).toEqual(before)
  })

  it('count an unfollow within 24 h after the last message, also after the run, once', async () => {
    await add(wayOf('early'))
    await add(wayOf('late'))
    const lastAt = T0 + 4 * MINUTE_MS
    const leave = (runKey: string, at: number) =>
      finishDispatch(
        db(),
        {
          id: 0,
          result: 'no-run',
          follower: { appId: 'wxA', openId: 'o' },
          patch: {},
          started: null,
          unfollowed: { runKey, at },
        },
        at,
      )
    await leave('early', lastAt + DAY_MS)
    await leave('early', lastAt + DAY_MS + HOUR_MS)
    await leave('late', lastAt + DAY_MS + SECOND_MS)
    expect((await read()).steps.find((s) => s.step === 'bye')).toMatchObject({ unfollowedAfter: 1 })
  })

  it('are the same before, between and after the purge', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyWay, { minLength: 1, maxLength: 8 }), fc.nat(7), async (ways, purged) => {
        await db().delete(runs)
        await db().delete(deliveries)
        await db().delete(goals)
        const offset = await read()
        for (const [i, w] of ways.entries()) await add({ ...w, key: `k${i}`, openId: `o${i}` })
        const before = await read()
        await anonymiseRuns(db(), { before: T0 + DAY_MS, after: null, limit: 100 })
        expect(await read()).toEqual(before)
        await purgeRuns(db(), { before: T0 + DAY_MS, limit: purged + 1 })
        expect(await read()).toEqual(before)
        await purgeRuns(db(), { before: T0 + DAY_MS, limit: 100 })
        expect(await read()).toEqual(before)
        expect(before.runs.goals - offset.runs.goals).toBe(ways.filter((w) => w.goal).length)
        const value = ways.reduce((sum, w) => sum + (w.goal?.value ?? 0), 0)
        expect(before.runs.value - offset.runs.value).toBe(value)
        expect(before.runs.entered - offset.runs.entered).toBe(ways.length)
        expect(before.days.reduce((sum, d) => sum + d.entered, 0)).toBe(before.runs.entered)
        for (const day of ['2026-11-30', '2026-12-01'])
          expect((await read({ from: day, to: day })).runs.entered).toBe(
            before.days.find((d) => d.day === day)?.entered ?? 0,
          )
      }),
      // A case is a hundred statements.
      { numRuns: propertyRuns(10, 200) },
    )
  })

  it('are the same however many runs a statement counts, also while a purge goes on', async () => {
    const goal = { value: 0.1 }
    for (let i = 0; i < 7; i++) await add(wayOf(`k${i}`, { goal, day: `2026-11-${24 + i}` }))
    // Two arrive in the same millisecond.
    await db().update(runs).set({ createdAt: sql`created_at + substr(run_key, 2)::integer / 2` })
    const whole = await read()
    expect(whole.runs).toMatchObject({ entered: 7, goals: 7, value: 0.7 })
    for (const slice of [1, 2, 3, 7, 8]) expect(await read({}, { slice: () => slice })).toEqual(whole)
    await anonymiseRuns(db(), { before: T0 + DAY_MS, after: null, limit: 100 })
    let statements = 0
    const pause = async () => {
      // The first count is disturbed by a purge, the second one too, the last one is one statement.
      if (++statements % 2 === 0) await purgeRuns(db(), { before: T0 + DAY_MS, limit: 1 })
    }
    expect(await read({}, { slice: () => 2, pause })).toEqual(whole)
    expect(statements).toBeGreaterThan(4)
    expect(await read({}, { slice: () => 2 })).toEqual(whole)
  })

  describe('answers', () => {
    const answer = (key: string, answered: string | null, day = '2026-11-30', more = {}) =>
      acceptCallback(db(), {
        ...{ appId: 'wxA', openId: 'o1', dedupeKey: key, kind: 'text', createTime: T0, receivedAt: T0 },
        event: { kind: 'text', scene: 'message', text: 'x', qrScene: null, eventKey: null, start: null },
        ...{ reply: { kind: 'text', content: 'y' }, answered, answeredDay: day },
        ...more,
      })
    const purge = (limit: number) => purgeInbox(db(), { before: T0 + DAY_MS, after: null, limit })
    const places = async (filter: Parameters<typeof read>[0] = {}) =>
      Object.fromEntries((await read(filter)).answers.map(({ answer: place, answered }) => [place, answered]))

    it('are counted before, during and after the purge of the inbox, each event once', async () => {
      const place = fc.constantFrom('shop@1/answers.0', 'shop@2/answers.1', 'shopping@1/answers.0', null)
      const rows = fc.array(fc.tuple(place, fc.constantFrom('2026-11-30', '2026-12-01'), fc.boolean()), {
        maxLength: 12,
      })
      let round = 0
      await fc.assert(
        fc.asyncProperty(rows, fc.nat(12), async (answered, purged) => {
          round += 1
          const offset = await places()
          for (const [i, [of, day, isRepeated]] of answered.entries()) {
            await answer(`${round}-${i}`, of, day)
            if (isRepeated) await answer(`${round}-${i}`, of, day)
          }
          const expected = (name: string) =>
            (offset[name.split('/')[1] ?? ''] ?? 0) + answered.filter(([of]) => of === name).length ||
            undefined
          const before = await read()
          expect(await places()).toEqual(
            JSON.parse(
              JSON.stringify({
                'answers.0': expected('shop@1/answers.0'),
                'answers.1': expected('shop@2/answers.1'),
              }),
            ),
          )
          await db().update(inbox).set({ dispatchedAt: T0 })
          await purge(purged + 1)
          expect(await read()).toEqual(before)
          await db().transaction((tx) => eraseFollower(tx, { appId: 'wxA', openId: 'o1' }))
          await purge(100)
          expect(await read()).toEqual(before)
          expect(await db().select().from(inbox)).toEqual([])
        }),
        { numRuns: propertyRuns(10, 200) },
      )
    })

    it('are selected by day, version and account, and belong to no scene or variant', async () => {
      await answer('k1', 'shop@1/answers.0')
      await answer('k2', 'shop@12/answers.0', '2026-12-01')
      await answer('k3', 'shop@1/answers.1', '2026-11-30', { appId: 'wxB' })
      const check = async () => {
        expect(await places()).toEqual({ 'answers.0': 1, 'answers.1': 1 })
        expect(await places({ version: 1 })).toEqual({ 'answers.0': 1, 'answers.1': 1 })
        expect(await places({ version: 2 })).toEqual({})
        expect(await places({ from: '2026-12-01' })).toEqual({ 'answers.0': 1 })
        expect(await places({ appId: 'wxB' })).toEqual({ 'answers.1': 1 })
        expect(await places({ scene: '' })).toEqual({})
        expect(await places({ variant: 'test=a' })).toEqual({})
      }
      await check()
      await db().update(inbox).set({ dispatchedAt: T0 })
      await purge(100)
      await check()
    })
  })

  it('select runs by version, scene, account and variant', async () => {
    await add(wayOf('k1', { scene: 'expo*', took: 0 }))
    await add(wayOf('k2', { took: -1 }))
    const entered = async (filter: Parameters<typeof read>[0]) => (await read(filter)).runs.entered
    const check = async () => {
      expect(await entered({ scene: 'expo*' })).toBe(1)
      expect(await entered({ scene: '' })).toBe(1)
      expect(await entered({ version: 1, appId: 'wxA' })).toBe(2)
      expect(await entered({ version: 2 })).toBe(0)
      expect(await entered({ appId: 'wxB' })).toBe(0)
      expect(await entered({ variant: 'test=short' })).toBe(1)
      expect((await read({ variant: 'test=else' })).forks).toEqual([{ fork: 'test', taken: { else: 1 } }])
    }
    await check()
    await purgeAll()
    await check()
  })

  it('keep the counts of an erased follower', async () => {
    await add(wayOf('k1', { repliedAfterMs: HOUR_MS, openId: 'oGone' }))
    const before = await read()
    await db().transaction((tx) => eraseFollower(tx, { appId: 'wxA', openId: 'oGone' }))
    expect(await read()).toEqual(before)
    expect(before.runs.replied).toBe(1)
  })

  it('count a run that 0.3 has written once the daily purge has read it', async () => {
    await add(wayOf('k1'))
    const expected: Statistics = await read()
    await db().update(runs).set({ tally: null, tallyRevision: null, lastDoneAt: null })
    const { runs: counted, steps } = await read()
    expect(counted).toMatchObject({ entered: 1, ended: { completed: 1 }, uncounted: 1 })
    expect(steps).toEqual([])
    await purgeAll()
    expect(await db().select().from(runs)).toHaveLength(1)
    expect(await countRuns(db(), { after: null, limit: 10 })).toEqual({ changed: 1, next: null })
    expect(await read()).toEqual(expected)
  })

  it('count what 0.3 has written page by page, so that no statement reads all runs when there is none', async () => {
    for (const key of ['k1', 'k2', 'k3']) await add(wayOf(key))
    await db().update(runs).set({ tally: null, tallyRevision: null }).where(eq(runs.runKey, 'k3'))
    const first = await countRuns(db(), { after: null, limit: 2 })
    expect(first).toEqual({ changed: 0, next: 'k2' })
    expect(await countRuns(db(), { after: first.next, limit: 2 })).toEqual({ changed: 1, next: null })
  })

  it('know that the first message after the entry is a reply', async () => {
    const start = { entry: entryOf('k1'), plan: SHOP_PLAN }
    await insertRun(db(), { appId: 'wxA', openId: 'o1' }, start, [], T0)
    const message = {
      key: 'e2',
      at: T0 + SECOND_MS,
      seq: 2,
      scene: 'message' as const,
      allowance: null,
      text: '1',
    }
    const state = applyInteraction(SHOP_PLAN, beginRun(SHOP_PLAN, entryOf('k1'), []), message)
    await saveSnapshot(db(), 'k1', { state, runId: null }, T0)
    expect((await read()).runs).toMatchObject({ entered: 1, replied: 1 })
  })
})
