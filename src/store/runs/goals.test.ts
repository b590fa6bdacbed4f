import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { beginRun } from '../../run/run-events.ts'
import { endRun } from '../../run/state.ts'
import { DAY_MS } from '../../shared/time-units.ts'
import { finishDispatch } from '../inbox/finish-dispatch.ts'
import { acceptCallbacks } from '../inbox/inbox-rows.ts'
import { deliveries, goals, inbox, runs } from '../schema.ts'
import { readStatistics } from '../statistics/read-statistics.ts'
import { anonymiseRuns } from './anonymise-runs.ts'
import { eraseFollower } from './erase-follower.ts'
import { type GoalHit, readGoals } from './goals.ts'
import { purgeRuns } from './purge-runs.ts'
import { endRunFromOutside, insertRun } from './run-rows.ts'

const NOW = 1_800_000_000_000
const PLAN = { campaign: 'shop', version: 3, steps: [], spacingMs: 0, windowMs: DAY_MS, exitKeywords: [] }
const FOLLOWER = { appId: 'wxA', openId: 'oBuyer' }

describeOnBothStores('a reached goal', (store) => {
  const db = () => store().db
  const begin = async (key: string) => {
    const entry = {
      at: NOW,
      seq: 1,
      key,
      event: 'message' as const,
      qrScene: null,
      eventKey: null,
      text: null,
    }
    await insertRun(db(), FOLLOWER, { entry, plan: PLAN }, [], NOW)
    return entry
  }
  const addSent = (runKey: string, stepId: string, sentAt: number | null) =>
    db()
      .insert(deliveries)
      .values({
        ...{ runKey, stepId, appId: 'wxA', updatedAt: NOW },
        ...(sentAt === null ? { state: 'unknown' as const } : { state: 'sent' as const, sentAt }),
      })
  /** Dispatches an event by which these runs reach their goal. */
  async function dispatch(key: string, hits: GoalHit[], patch = {}) {
    const row = { ...FOLLOWER, dedupeKey: key, kind: 'fact', createTime: NOW, receivedAt: NOW }
    const event = { kind: 'fact', scene: null, text: null, qrScene: null, eventKey: null, start: null }
    await acceptCallbacks(db(), [{ ...row, event, reply: null }])
    const stored = (await db().select().from(inbox)).find((r) => r.dedupeKey === key)
    const done = { id: stored?.id ?? 0, result: 'stored', follower: FOLLOWER, patch, started: null }
    await finishDispatch(db(), { ...done, goals: hits }, NOW)
  }

  it('is stored with the last message that was sent before', async () => {
    await begin('r1')
    await addSent('r1', 'hello', NOW + 1)
    await addSent('r1', 'remind', NOW + 5)
    await addSent('r1', 'later', NOW + 50)
    await addSent('r1', 'unclear', null)
    await dispatch('e1', [{ runKey: 'r1', at: NOW + 10, value: 58.5 }], { own: { used: true } })
    expect(await db().select().from(goals)).toEqual([
      {
        runKey: 'r1',
        appId: 'wxA',
        campaign: 'shop',
        version: 3,
        at: NOW + 10,
        value: 58.5,
        stepId: 'remind',
      },
    ])
    expect(await readGoals(db(), ['r1', 'r2'])).toEqual(
      new Map([['r1', { at: NOW + 10, value: 58.5, step: 'remind' }]]),
    )
  })

  it('is the first one, however often its event or another one is dispatched', async () => {
    await begin('r1')
    const first = { runKey: 'r1', at: NOW + 10, value: null }
    await dispatch('e1', [first])
    await dispatch('e1', [first])
    await dispatch('e2', [{ runKey: 'r1', at: NOW + 20, value: 9 }])
    expect(await db().select().from(goals)).toMatchObject([{ at: NOW + 10, value: null, stepId: null }])
  })

  it('is stored for several runs at once, and not for a run that the store does not know', async () => {
    await begin('r1')
    await begin('r2')
    await dispatch('e1', [
      { runKey: 'r1', at: NOW, value: 0.1 },
      { runKey: 'gone', at: NOW, value: 1 },
      { runKey: 'r2', at: NOW, value: 0.2 },
    ])
    const rows = await db().select().from(goals).orderBy(goals.runKey)
    expect(rows.map(({ runKey, value }) => [runKey, value])).toEqual([
      ['r1', 0.1],
      ['r2', 0.2],
    ])
  })

  it('has no trace of its follower after an erasure, and stays in the sums', async () => {
    await begin('r1')
    await dispatch('e1', [{ runKey: 'r1', at: NOW, value: 12 }])
    await db().transaction((tx) => eraseFollower(tx, FOLLOWER))
    const [goal] = await db().select().from(goals)
    expect(goal).toMatchObject({ value: 12, runKey: expect.stringMatching(/^anonymous-/) })
    // As the other rows of the run.
    expect((await db().select().from(runs)).map((r) => r.runKey)).toEqual([goal?.runKey])
  })

  it('is deleted with its run, and stays in the statistics', async () => {
    const entry = await begin('r1')
    await dispatch('e1', [{ runKey: 'r1', at: NOW, value: 12.5 }])
    const read = () => readStatistics(db(), 'shop', {})
    const before = await read()
    expect(before).toContainEqual(expect.objectContaining({ step: '', metric: 'goal', n: 1, value: 12.5 }))
    await endRunFromOutside(db(), 'r1', 0, endRun(beginRun(PLAN, entry, []), 'completed', null, NOW), NOW)
    await anonymiseRuns(db(), { before: NOW + 1, after: null, limit: 10 })
    expect(await purgeRuns(db(), { before: NOW + 1, limit: 10 })).toBe(1)
    expect(await db().select().from(goals)).toEqual([])
    expect(await read()).toContainEqual(
      expect.objectContaining({ step: '', metric: 'goal', day: null, scene: null, n: 1, value: 12.5 }),
    )
  })
})
