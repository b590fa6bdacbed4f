import { expect, it } from 'vitest'
import { createPurge } from '../../src/jobs/purge.ts'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun } from '../../src/run/state.ts'
import { DAY_MS } from '../../src/shared/time-units.ts'
import { anonymiseRuns, type EndedRunKey } from '../../src/store/runs/anonymise-runs.ts'
import { purgeFollowers, readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { endRunFromOutside, insertRun } from '../../src/store/runs/run-rows.ts'
import { followers, inbox, runs } from '../../src/store/schema.ts'
import { describeOnBothStores } from '../harness/stores.ts'
import { planOf } from '../harness/workflow-harness.ts'

const NOW = 1_800_000_000_000
const RETENTION_DAYS = 30
const OLD = NOW - (RETENTION_DAYS + 1) * DAY_MS
const BEFORE = NOW - RETENTION_DAYS * DAY_MS
const PLAN = planOf([{ id: 'hi', afterMs: 0 }])

describeOnBothStores('the daily purge', (store) => {
  const db = () => store().db

  /** A run of its own follower. `endedAt` null: it is active. */
  async function addRun(openId: string, endedAt: number | null): Promise<void> {
    const entry = {
      at: OLD,
      seq: 1,
      key: `run-of-${openId}`,
      event: 'message' as const,
      qrScene: null,
      eventKey: null,
      text: 'my name is Lin',
    }
    await insertRun(db(), { appId: 'wxA', openId }, { entry, plan: PLAN }, [], OLD)
    if (endedAt === null) return
    const ended = endRun(beginRun(PLAN, entry, []), 'completed', null, endedAt)
    await endRunFromOutside(db(), entry.key, 0, ended, endedAt)
  }

  const namesOfRuns = async () => (await db().select().from(runs)).map(({ openId }) => openId).sort()

  it('anonymises a page of the old runs at a time, also where many ended at the same moment', async () => {
    for (let i = 0; i < 7; i++) await addRun(`oOld${i}`, i < 5 ? OLD : OLD + i)
    await addRun('oYoung', BEFORE)
    await addRun('oActive', null)
    const changed: number[] = []
    let after: EndedRunKey | null = null
    do {
      const page = await anonymiseRuns(db(), { before: BEFORE, after, limit: 3 })
      changed.push(page.changed)
      after = page.next
    } while (after)
    expect(changed).toEqual([3, 3, 1])
    expect((await namesOfRuns()).filter((name) => name.startsWith('o'))).toEqual(['oActive', 'oYoung'])
    const old = (await db().select().from(runs)).filter(({ openId }) => openId.startsWith('anonymous-'))
    expect(JSON.stringify(old)).not.toContain('Lin')
    // A second purge reads them and changes nothing.
    expect(await anonymiseRuns(db(), { before: BEFORE, after: null, limit: 10 })).toMatchObject({
      changed: 0,
    })
  })

  it('deletes a page of the followers without runs at a time, and keeps what an opt-out needs', async () => {
    const details = { lastInteractionAt: OLD, attributes: { tags: ['vip'], subscribeScene: '', qrScene: '' } }
    for (let i = 0; i < 5; i++)
      await saveFollower(db(), { appId: i < 3 ? 'wxA' : 'wxB', openId: `oGone${i}` }, details, OLD)
    await saveFollower(db(), { appId: 'wxA', openId: 'oOptedOut' }, { ...details, optedOutAt: OLD }, OLD)
    await saveFollower(db(), { appId: 'wxA', openId: 'oRecent' }, details, BEFORE)
    await saveFollower(db(), { appId: 'wxA', openId: 'oHasRun' }, details, OLD)
    await addRun('oHasRun', null)
    const pages: number[] = []
    let after: { appId: string; openId: string } | null = null
    do {
      const page = await purgeFollowers(db(), { before: BEFORE, after, limit: 2 })
      pages.push(page.changed)
      after = page.next
    } while (after)
    // In the order of account and id: Gone0, Gone1 · Gone2, HasRun · OptedOut, Recent · Gone3, Gone4 · none.
    expect(pages).toEqual([2, 1, 1, 2, 0])
    const left = await db().select().from(followers)
    expect(left.map(({ openId }) => openId).sort()).toEqual(['oHasRun', 'oOptedOut', 'oRecent'])
    const optedOut = await readFollower(db(), { appId: 'wxA', openId: 'oOptedOut' })
    expect(optedOut).toMatchObject({ optedOutAt: OLD, attributes: null, lastInteractionAt: null })
    // A second purge changes nothing.
    expect(await purgeFollowers(db(), { before: BEFORE, after: null, limit: 10 })).toMatchObject({
      changed: 0,
    })
  })

  it('continues in the next round where the time of the last one ended', async () => {
    for (let i = 0; i < 3; i++) {
      await addRun(`oOld${i}`, OLD)
      await saveFollower(db(), { appId: 'wxA', openId: `oGone${i}` }, {}, OLD)
      const event = { appId: 'wxA', openId: 'o', dedupeKey: `k${i}`, kind: 'text' }
      await db()
        .insert(inbox)
        .values({ ...event, createTime: OLD, receivedAt: OLD, dispatchedAt: OLD, result: 'no-run' })
    }
    const purge = createPurge({
      db: db(),
      now: () => NOW,
      retentionDays: RETENTION_DAYS,
      batch: 1,
      budgetMs: Number.NEGATIVE_INFINITY,
    })
    const rows = async () => ({
      events: await db().$count(inbox),
      named: (await namesOfRuns()).filter((name) => !name.startsWith('anonymous-')).length,
      followers: await db().$count(followers),
    })
    expect(await purge.run({ lastRunAt: null })).toBe('unfinished')
    expect(await rows()).toEqual({ events: 2, named: 3, followers: 3 })
    let rounds = 1
    while ((await purge.run({ lastRunAt: null })) === 'unfinished') rounds += 1
    expect(await rows()).toEqual({ events: 0, named: 0, followers: 0 })
    // Three pages of the inbox, the followers, and twice of the runs. The last, empty page of a table belongs to the round that begins
    // the next table.
    expect(rounds).toBe(12)
    expect(await purge.run({ lastRunAt: null })).toBe('unfinished')
  })
})
