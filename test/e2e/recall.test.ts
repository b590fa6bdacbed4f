import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readClosingEntries } from '../../src/callback/config/closing-entries.ts'
import { createWindowClosingJob } from '../../src/jobs/window-closing.ts'
import { readFollower, saveFollower } from '../../src/store/runs/follower-rows.ts'
import { type ApiHarness, startApiHarness } from '../harness/api-harness.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxtest0000000001'
const HOUR = 3_600_000
const RECALL = readFileSync(new URL('../../campaigns/06-recall.yaml', import.meta.url), 'utf8')
/** Without quiet hours, the example is the same at each hour of the day. */
const BY_DAY = RECALL.replace(/^quiet:.*$/m, 'quiet: none')

let api: ApiHarness
beforeAll(async () => {
  api = await startApiHarness()
  await api.addAccount({ appId: APP })
  expect((await api.put(BY_DAY)).body.warnings).toEqual([])
})
afterAll(() => api?.close())

const wechat = () => api.app.simulator.account(APP)
const kinds = (openId: string) =>
  wechat()
    .sends.filter((s) => s.openId === openId && s.delivered)
    .map((s) => s.body.msgtype)
const follower = (openId: string) => readFollower(api.app.services.db, { appId: APP, openId })
/** Types a message, and waits until the grant is known. */
async function types(openId: string): Promise<void> {
  await wechat().follow(openId)
  await wechat().type(openId, '你好')
  await waitFor(() => follower(openId), { until: (row) => row?.messageGrantEndsAt != null })
}
const runOf = (openId: string, ready: (status: string) => boolean) =>
  api.app.waitForRun(APP, openId, (r) => r.campaign === 'recall' && ready(r.status))

describe('a follower who has not spoken for 46 hours', () => {
  it('is called back once, and gets the answer to the reply', async () => {
    await types('oBack')
    await wechat().fastForward('oBack', 45 * HOUR)
    expect(kinds('oBack')).toEqual([])
    await wechat().fastForward('oBack', 1.5 * HOUR)
    const run = await runOf('oBack', (status) => status === 'active')
    expect(run.entry).toMatchObject({ event: 'window-closing' })
    await waitFor(() => kinds('oBack'), { until: (sent) => sent.length > 0 })
    // What is left of the grant.
    const [grant] = run.state.ledger
    expect(run.state.closesAt).toBe(grant?.expiresAt)
    await wechat().type('oBack', '清单')
    const ended = await runOf('oBack', (status) => status === 'ended')
    expect(ended).toMatchObject({ outcome: 'completed' })
    expect(kinds('oBack')).toEqual(['text', 'news'])
    expect(wechat().tags('oBack')).toEqual(['召回成功'])
  })

  it('gets nothing with the tag 已购', async () => {
    await types('oBought')
    wechat().setTags('oBought', ['已购'])
    await wechat().fastForward('oBought', 46.5 * HOUR)
    expect(await runOf('oBought', (status) => status === 'ended')).toMatchObject({ outcome: 'completed' })
    expect(kinds('oBought')).toEqual([])
  })

  it('is found by the job, and once', async () => {
    await types('oFound')
    const { db, accounts, campaigns, log } = api.app.services
    // The grant of 46 hours ago.
    const grantedAt = Date.now() - 46.5 * HOUR
    const endsAt = grantedAt + 48 * HOUR
    const grant = { scene: 'message', grantedAt, expiresAt: endsAt, quota: 5, used: 0 } as const
    await saveFollower(
      db,
      { appId: APP, openId: 'oFound' },
      { grants: [grant], messageGrantEndsAt: endsAt },
      Date.now(),
    )
    const job = createWindowClosingJob({
      db,
      entries: () => readClosingEntries({ accounts, campaigns }, Date.now()),
      onEvents: () => api.app.services.dispatcher.wake(),
      now: Date.now,
      log,
    })
    await job.run({ lastRunAt: null })
    const run = await runOf('oFound', () => true)
    expect(run.state.closesAt).toBe(endsAt)
    expect(await follower('oFound')).toMatchObject({ messageGrantEndsAt: null })
    await waitFor(() => kinds('oFound'), { until: (sent) => sent.length === 1 })
    await wechat().unfollow('oFound')
  })
})
