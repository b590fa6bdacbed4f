import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { readFollower } from '../../src/store/runs/follower-rows.ts'
import { runsByFollower } from '../../src/store/runs/run-rows.ts'
import { startTcpProxy } from '../fixtures/tcp-proxy.ts'
import {
  type ApiHarness,
  campaignYaml,
  type FollowerBody,
  SECRETS,
  startApiHarness,
} from '../harness/api-harness.ts'
import { operatorTools, reconcilerOf } from '../harness/temporal-admin.ts'
import { waitFor } from '../harness/wait-for.ts'

const HOUR = 3_600_000
const STEPS = [
  '{ id: gift, after: 0s, since: reply, send: { text: gift } }',
  '{ id: later, after: 10h, since: reply, send: { text: later } }',
]

let api: ApiHarness
let proxy: Awaited<ReturnType<typeof startTcpProxy>>
beforeAll(async () => {
  proxy = await startTcpProxy(inject('temporalAddress'))
  await proxy.on()
  api = await startApiHarness({ proxyAddress: proxy.address })
  await api.put(campaignYaml('once', STEPS, ['reentry: never', 'exit: { keywords: [TD] }']))
})
afterAll(async () => {
  await api?.close()
  await proxy?.off()
})

const follower = (appId: string, openId: string) => `/api/followers/${appId}/${openId}`
const remove = (appId: string, query = '') => api.call('DELETE', `/api/accounts/${appId}${query}`)
const sends = (appId: string) => api.app.simulator.account(appId).sends
const isOver = (f: FollowerBody) => f.status === 'ended'

/** No two follows of this file share a second, since they would have the same dedupe key. */
let followedAt = 0
async function follows(appId: string, openId: string): Promise<void> {
  followedAt = Math.max(followedAt + 1, Math.floor(Date.now() / 1000))
  await api.app.simulator.account(appId).follow(openId, { createTime: followedAt })
}

/** A follower whose run has begun, who has replied and got the first message. */
async function inTheMiddle(appId: string, openId: string): Promise<void> {
  const runsBefore = (await runsByFollower(api.app.services.db, { appId, openId })).length
  await follows(appId, openId)
  await begun(appId, openId, runsBefore + 1)
  await repliesTo(appId, openId)
}

async function begun(appId: string, openId: string, count: number): Promise<void> {
  await waitFor(async () => {
    const [newest, ...older] = await runsByFollower(api.app.services.db, { appId, openId })
    return newest?.runId != null && older.length === count - 1
  })
}

async function repliesTo(appId: string, openId: string): Promise<void> {
  await api.app.simulator.account(appId).type(openId, '1', { createTime: followedAt + 1 })
  await api.app.waitForRun(appId, openId, (r) => r.state.steps[0]?.state === 'sent')
}

describe('an account that is removed while Temporal is unreachable', () => {
  const appId = 'wxmistakes000004'

  it('is gone at once with all its runs, including one that had not begun; Temporal is updated later', async () => {
    await api.addAccount({ appId })
    const wechat = api.app.simulator.account(appId)
    await inTheMiddle(appId, 'oInside')
    await proxy.off()
    await wechat.follow('oWaiting')
    expect((await remove(appId)).status).toBe(409)
    expect((await remove(appId, '?cancel=true')).status).toBe(204)
    expect((await api.call('POST', `/wechat/${appId}`, { raw: '<xml/>' })).status).toBe(404)
    const inside = await api.get<FollowerBody>(follower(appId, 'oInside'))
    expect(inside.body).toMatchObject({
      status: 'ended',
      outcome: 'account-stopped',
      steps: [{ state: 'sent' }, { state: 'skipped', reason: 'account-stopped' }],
    })

    await proxy.on()
    const waiting = await api.waitForBody<FollowerBody>(follower(appId, 'oWaiting'), isOver)
    expect(waiting).toMatchObject({ outcome: 'account-stopped', reason: 'account removed' })
    const run = operatorTools(api.app, appId, 'oInside')
    await waitFor(async () => {
      await reconcilerOf(api.app, 130_000).run()
      return (await run.status()) === 'COMPLETED'
    })
    expect(await run.handle.result()).toMatchObject({ outcome: 'account-stopped' })
    expect(sends(appId).map((s) => s.openId)).toEqual(['oInside'])
    expect((await api.get<FollowerBody>(follower(appId, 'oInside'))).body).toMatchObject({
      outcome: 'account-stopped',
      steps: inside.body.steps,
    })
  })

  it('can be added again: old followers start as new ones, and one who opted out gets nothing', async () => {
    await api.addAccount({ appId })
    await inTheMiddle(appId, 'oLeaver')
    await api.app.simulator.account(appId).type('oLeaver', 'TD')
    await api.waitForBody<FollowerBody>(follower(appId, 'oLeaver'), isOver)
    await inTheMiddle(appId, 'oInside')
    expect(await runsByFollower(api.app.services.db, { appId, openId: 'oInside' })).toHaveLength(2)
    expect((await remove(appId, '?cancel=true')).status).toBe(204)
    await api.addAccount({ appId })
    expect(await readFollower(api.app.services.db, { appId, openId: 'oLeaver' })).toMatchObject({
      optedOutAt: expect.any(Number),
      lastInteractionAt: null,
    })
    expect(await readFollower(api.app.services.db, { appId, openId: 'oInside' })).toBeNull()
    await inTheMiddle(appId, 'oInside')
    await api.app.simulator.account(appId).fastForward('oInside', 11 * HOUR)
    const run = await api.waitForBody<FollowerBody>(follower(appId, 'oInside'), isOver)
    expect(run).toMatchObject({ outcome: 'completed', steps: [{ state: 'sent' }, { state: 'sent' }] })
  })
})

describe('an account that is removed and added again while Temporal is unreachable', () => {
  const appId = 'wxmistakes000006'

  it('gives a follower who returns a new run, although the old one has not ended in Temporal yet', async () => {
    await api.addAccount({ appId })
    await inTheMiddle(appId, 'oBack')
    await proxy.off()
    expect((await remove(appId, '?cancel=true')).status).toBe(204)
    await api.addAccount({ appId })
    await api.app.simulator.account(appId).follow('oBack')
    await proxy.on()
    await waitFor(
      async () => (await runsByFollower(api.app.services.db, { appId, openId: 'oBack' })).length === 2,
    )
    await api.app.simulator.account(appId).type('oBack', '1')
    await api.app.waitForRun(appId, 'oBack', (r) => r.state.steps[0]?.state === 'sent')
    await api.app.simulator.account(appId).fastForward('oBack', 11 * HOUR)
    const run = await api.waitForBody<FollowerBody>(follower(appId, 'oBack'), isOver)
    expect(run).toMatchObject({ outcome: 'completed', steps: [{ state: 'sent' }, { state: 'sent' }] })
  })
})

describe('an account whose removal was interrupted by the end of the process', () => {
  const appId = 'wxmistakes000005'

  it('is removed completely by the next process', async () => {
    const { removeAccount, unfinishedRemovals } = await import('../../src/store/accounts/removed-accounts.ts')
    const { createAccountRemovalJob: createRemovalJob } = await import(
      '../../src/jobs/finish-account-removals.ts'
    )
    await api.addAccount({ appId })
    await inTheMiddle(appId, 'oHalf')
    const { db } = api.app.services
    await removeAccount(db, appId, Date.now())
    expect(await unfinishedRemovals(db)).toEqual([appId])
    await createRemovalJob({ db, now: Date.now }).run({ lastRunAt: null })
    expect(await unfinishedRemovals(db)).toEqual([])
    expect((await api.get(follower(appId, 'oHalf'))).body).toMatchObject({ outcome: 'account-stopped' })
  })

  it('is removed completely before it is added again', async () => {
    const { removeAccount } = await import('../../src/store/accounts/removed-accounts.ts')
    await api.addAccount({ appId })
    await inTheMiddle(appId, 'oAgain')
    await removeAccount(api.app.services.db, appId, Date.now())
    const account = { appId, mode: 'security', ...SECRETS }
    expect((await api.call('POST', '/api/accounts', { json: account })).status).toBe(201)
    expect((await api.get(follower(appId, 'oAgain'))).body).toMatchObject({ outcome: 'account-stopped' })
  })
})
