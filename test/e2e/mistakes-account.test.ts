import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { readFollower } from '../../src/store/followers.ts'
import { runsOf } from '../../src/store/runs.ts'
import { type Api, campaignYaml, type FollowerBody, SECRETS, startApi } from '../support/api.ts'
import { behindOurBack, reconcilerOf } from '../support/engine-mistakes.ts'
import { until } from '../support/program.ts'
import { switchableEngine } from '../support/switchable-engine.ts'

const HOUR = 3_600_000
const STEPS = [
  '{ id: gift, after: 0s, since: reply, send: { text: gift } }',
  '{ id: later, after: 10h, since: reply, send: { text: later } }',
]

let api: Api
let engine: Awaited<ReturnType<typeof switchableEngine>>
beforeAll(async () => {
  engine = await switchableEngine(inject('engineAddress'))
  await engine.on()
  api = await startApi({ throughAddress: engine.address })
  await api.put(campaignYaml('once', STEPS, ['reentry: never', 'exit: { keywords: [TD] }']))
})
afterAll(async () => {
  await api?.close()
  await engine?.off()
})

const follower = (appId: string, openId: string) => `/api/followers/${appId}/${openId}`
const remove = (appId: string, query = '') => api.call('DELETE', `/api/accounts/${appId}${query}`)
const sends = (appId: string) => api.whole.simulator.account(appId).sends
const isOver = (f: FollowerBody) => f.status === 'ended'

/** No two follows of this file share a second: WeChat's repeat of one would look like the other. */
let followedAt = 0
async function follows(appId: string, openId: string): Promise<void> {
  followedAt = Math.max(followedAt + 1, Math.floor(Date.now() / 1000))
  await api.whole.simulator.account(appId).follow(openId, { createTime: followedAt })
}

/** Follows, begins a run, replies and has the first message. */
async function inTheMiddle(appId: string, openId: string): Promise<void> {
  const runsBefore = (await runsOf(api.whole.product.db, { appId, openId })).length
  await follows(appId, openId)
  await begun(appId, openId, runsBefore + 1)
  await repliesTo(appId, openId)
}

async function begun(appId: string, openId: string, count: number): Promise<void> {
  await until(async () => {
    const [newest, ...older] = await runsOf(api.whole.product.db, { appId, openId })
    return newest?.runId != null && older.length === count - 1
  })
}

async function repliesTo(appId: string, openId: string): Promise<void> {
  await api.whole.simulator.account(appId).type(openId, '1', { createTime: followedAt + 1 })
  await api.whole.runWhen(appId, openId, (r) => r.state.steps[0]?.state === 'sent')
}

describe('an account that is removed while Temporal is away', () => {
  const app = 'wxmistakes000004'

  it('is gone at once with all its runs, also one that had not begun; Temporal hears of it later', async () => {
    await api.addAccount({ appId: app })
    const wechat = api.whole.simulator.account(app)
    await inTheMiddle(app, 'oInside')
    await engine.off()
    await wechat.follow('oWaiting')
    expect((await remove(app)).status).toBe(409)
    expect((await remove(app, '?cancel=true')).status).toBe(204)
    expect((await api.call('POST', `/wechat/${app}`, { raw: '<xml/>' })).status).toBe(404)
    const inside = await api.get<FollowerBody>(follower(app, 'oInside'))
    expect(inside.body).toMatchObject({
      status: 'ended',
      outcome: 'account-stopped',
      steps: [{ state: 'sent' }, { state: 'skipped', reason: 'account-stopped' }],
    })

    await engine.on()
    const waiting = await api.getWhen<FollowerBody>(follower(app, 'oWaiting'), isOver)
    expect(waiting).toMatchObject({ outcome: 'account-stopped', reason: 'account removed' })
    const run = behindOurBack(api.whole, app, 'oInside')
    await until(async () => {
      await reconcilerOf(api.whole, 130_000).run()
      return (await run.status()) === 'COMPLETED'
    })
    expect(await run.handle.result()).toMatchObject({ outcome: 'account-stopped' })
    expect(sends(app).map((s) => s.openId)).toEqual(['oInside'])
    expect((await api.get<FollowerBody>(follower(app, 'oInside'))).body).toMatchObject({
      outcome: 'account-stopped',
      steps: inside.body.steps,
    })
  })

  it('can be added again: old followers start as new, and one who opted out is left in peace', async () => {
    await api.addAccount({ appId: app })
    await inTheMiddle(app, 'oLeaver')
    await api.whole.simulator.account(app).type('oLeaver', 'TD')
    await api.getWhen<FollowerBody>(follower(app, 'oLeaver'), isOver)
    await inTheMiddle(app, 'oInside')
    expect(await runsOf(api.whole.product.db, { appId: app, openId: 'oInside' })).toHaveLength(2)
    expect((await remove(app, '?cancel=true')).status).toBe(204)
    await api.addAccount({ appId: app })
    expect(await readFollower(api.whole.product.db, { appId: app, openId: 'oLeaver' })).toMatchObject({
      optedOutAt: expect.any(Number),
      lastInteractionAt: null,
    })
    expect(await readFollower(api.whole.product.db, { appId: app, openId: 'oInside' })).toBeNull()
    await inTheMiddle(app, 'oInside')
    await api.whole.simulator.account(app).fastForward('oInside', 11 * HOUR)
    const run = await api.getWhen<FollowerBody>(follower(app, 'oInside'), isOver)
    expect(run).toMatchObject({ outcome: 'completed', steps: [{ state: 'sent' }, { state: 'sent' }] })
  })
})

describe('an account that is removed and added again while Temporal is away', () => {
  const app = 'wxmistakes000006'

  it('a follower who comes back begins a new run, although the old one has not heard that it is over', async () => {
    await api.addAccount({ appId: app })
    await inTheMiddle(app, 'oBack')
    await engine.off()
    expect((await remove(app, '?cancel=true')).status).toBe(204)
    await api.addAccount({ appId: app })
    await api.whole.simulator.account(app).follow('oBack')
    await engine.on()
    await until(
      async () => (await runsOf(api.whole.product.db, { appId: app, openId: 'oBack' })).length === 2,
    )
    await api.whole.simulator.account(app).type('oBack', '1')
    await api.whole.runWhen(app, 'oBack', (r) => r.state.steps[0]?.state === 'sent')
    await api.whole.simulator.account(app).fastForward('oBack', 11 * HOUR)
    const run = await api.getWhen<FollowerBody>(follower(app, 'oBack'), isOver)
    expect(run).toMatchObject({ outcome: 'completed', steps: [{ state: 'sent' }, { state: 'sent' }] })
  })
})

describe('an account whose removal was cut off by the end of the process', () => {
  const app = 'wxmistakes000005'

  it('is removed to the end by whoever looks next', async () => {
    const { removeAccount, unfinishedRemovals } = await import('../../src/store/removed-accounts.ts')
    const { createRemovalJob } = await import('../../src/jobs/finish-removals.ts')
    await api.addAccount({ appId: app })
    await inTheMiddle(app, 'oHalf')
    const { db } = api.whole.product
    await removeAccount(db, app, Date.now())
    expect(await unfinishedRemovals(db)).toEqual([app])
    await createRemovalJob({ db, now: Date.now }).run({ lastRunAt: null })
    expect(await unfinishedRemovals(db)).toEqual([])
    expect((await api.get(follower(app, 'oHalf'))).body).toMatchObject({ outcome: 'account-stopped' })
  })

  it('also by the one who adds it again', async () => {
    const { removeAccount } = await import('../../src/store/removed-accounts.ts')
    await api.addAccount({ appId: app })
    await inTheMiddle(app, 'oAgain')
    await removeAccount(api.whole.product.db, app, Date.now())
    const wish = { appId: app, mode: 'security', ...SECRETS }
    expect((await api.call('POST', '/api/accounts', { json: wish })).status).toBe(201)
    expect((await api.get(follower(app, 'oAgain'))).body).toMatchObject({ outcome: 'account-stopped' })
  })
})
