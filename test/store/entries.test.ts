import { expect, it } from 'vitest'
import { beginRun } from '../../src/run/run-events.ts'
import { endRun } from '../../src/run/state.ts'
import { DAY_MS } from '../../src/shared/time-units.ts'
import { finishRemoval } from '../../src/store/accounts/removed-accounts.ts'
import { claimHeads } from '../../src/store/inbox/claim-events.ts'
import { acceptCallback } from '../../src/store/inbox/inbox-rows.ts'
import { followerId, readKnownFollowers } from '../../src/store/inbox/known-followers.ts'
import { anonymiseRuns } from '../../src/store/runs/anonymise-runs.ts'
import { eraseFollower, requestErasure } from '../../src/store/runs/erase-follower.ts'
import { insertRun, saveSnapshot } from '../../src/store/runs/run-rows.ts'
import { accounts, entries, runs } from '../../src/store/schema.ts'
import { findPersonalData } from '../harness/find-personal-data.ts'
import { describeOnBothStores } from '../harness/stores.ts'
import { planOf } from '../harness/workflow-harness.ts'

const T0 = Date.UTC(2026, 10, 30, 10)
const FOLLOWER = { appId: 'wxA', openId: 'oFollower-0123456789' }
const PLAN = planOf([{ id: 'hello', afterMs: 0 }])

describeOnBothStores('the entries of a follower', (store) => {
  const db = () => store().db
  const addAccount = (createdAt = 0) =>
    db()
      .insert(accounts)
      .values({
        ...{ appId: 'wxA', name: 'A', mode: 'plain', appSecretSealed: '', tokenSealed: '' },
        ...{ stateSince: 0, createdAt, updatedAt: 0 },
      })
  /** A run that began at a time and ended at once. */
  async function addRun(key: string, at: number, { campaign = 'series', ended = true } = {}): Promise<void> {
    const entry = { at, seq: 1, key, event: 'subscribe' as const, qrScene: null, eventKey: null, text: null }
    const plan = { ...PLAN, campaign }
    await insertRun(db(), FOLLOWER, { entry, plan }, [], at)
    if (!ended) return
    const state = endRun({ ...beginRun(plan, entry, []), revision: 5 }, 'completed', null, at)
    await saveSnapshot(db(), key, { state, runId: 'r' }, at)
  }
  const anonymise = (before: number) => anonymiseRuns(db(), { before, after: null, limit: 100 })
  /** What the callback and the dispatcher know of them. */
  async function known() {
    const ofCallback = (await readKnownFollowers(db(), [FOLLOWER])).get(followerId(FOLLOWER))?.entries
    await acceptCallback(db(), {
      ...FOLLOWER,
      ...{ dedupeKey: crypto.randomUUID(), kind: 'text', createTime: T0, receivedAt: T0, reply: null },
      event: { kind: 'text', scene: 'message', text: 'x', qrScene: null, eventKey: null, start: null },
    })
    const [claimed] = await claimHeads(db(), { ownerId: 'test', now: T0, leaseMs: 1, limit: 1 })
    expect(claimed?.known.entries).toEqual(ofCallback)
    await db().execute('DELETE FROM inbox')
    return ofCallback
  }

  it('outlive the personal data of their runs, without an openId', async () => {
    await addAccount()
    await addRun('k1', T0)
    await addRun('k2', T0 + DAY_MS)
    await addRun('k3', T0 + 2 * DAY_MS, { campaign: 'course' })
    expect(await known()).toEqual({})
    await anonymise(T0 + 3 * DAY_MS)
    expect(await known()).toEqual({
      series: { at: T0 + DAY_MS, outcome: 'completed' },
      course: { at: T0 + 2 * DAY_MS, outcome: 'completed' },
    })
    expect(await findPersonalData(db(), [FOLLOWER.openId])).toEqual([])
    const [series] = (await db().select().from(entries)).filter((e) => e.campaign === 'series')
    expect(series).toMatchObject({ firstAt: T0, lastAt: T0 + DAY_MS, times: 2, lastOutcome: 'completed' })
  })

  it('are added up over several rounds of the purge, each run once', async () => {
    await addAccount()
    await addRun('k2', T0 + DAY_MS)
    await anonymise(T0 + 3 * DAY_MS)
    await addRun('k1', T0)
    await addRun('active', T0, { ended: false })
    for (let round = 0; round < 2; round++) await anonymise(T0 + 3 * DAY_MS)
    expect(await db().select().from(entries)).toMatchObject([
      { firstAt: T0, lastAt: T0 + DAY_MS, times: 2, campaign: 'series' },
    ])
  })

  it('are known of runs that are older than the newest twenty', async () => {
    await addAccount()
    await addRun('old', T0, { campaign: 'welcome' })
    for (let i = 1; i <= 20; i++) await addRun(`k${i}`, T0 + i)
    expect(await known()).toEqual({ welcome: { at: T0, outcome: 'completed' } })
  })

  it('are deleted when the follower is erased, and make the follower known until then', async () => {
    await addAccount()
    await addRun('k1', T0)
    await anonymise(T0 + DAY_MS)
    expect(await requestErasure(db(), FOLLOWER, T0)).toBe(true)
    await db().execute('DELETE FROM inbox')
    await db().transaction((tx) => eraseFollower(tx, FOLLOWER))
    expect(await db().select().from(entries)).toEqual([])
    expect(await requestErasure(db(), { ...FOLLOWER, openId: 'oNobody' }, T0)).toBe(false)
  })

  it('are deleted with the account, and those of its runs do not return with it', async () => {
    await addAccount()
    await addRun('k1', T0)
    await anonymise(T0 + DAY_MS)
    await addRun('k2', T0)
    await db().delete(accounts)
    await finishRemoval(db(), 'wxA', T0)
    expect(await known()).toEqual({})
    await addAccount(T0 + DAY_MS)
    for (let i = 0; i < 20; i++) await addRun(`l${i}`, T0 + 2 * DAY_MS + i, { campaign: 'course' })
    expect(await known()).toEqual({})
    await anonymise(T0 + DAY_MS)
    expect(await known()).toEqual({})
    expect((await db().select().from(runs)).find((r) => r.runKey === 'k2')?.openId).toMatch(/^anonymous-/)
  })
})
