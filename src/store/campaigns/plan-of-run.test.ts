import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { checkCampaign } from '../../campaign/check.ts'
import { compileCampaign, planForAccount } from '../../campaign/compile.ts'
import { insertRun, runsByFollower } from '../runs/run-rows.ts'
import { runs } from '../schema.ts'
import { createCampaignStore } from './campaign-store.ts'
import { planOfRun } from './plan-of-run.ts'

const NOW = 1_800_000_000_000
const SOURCE = `
id: series
name: series
entry: { event: subscribe }
steps:
  - { id: gift, after: 0s, since: reply, send: { text: gift } }
  - { id: later, after: 10h, since: reply, send: { text: later } }
exit: { keywords: [TD] }
`

describeOnBothStores('the plan of a run', (store) => {
  async function begin(openId: string, quietHours?: { from: string; to: string }) {
    const { campaign } = checkCampaign(SOURCE, {})
    if (!campaign) throw new Error('the campaign is invalid')
    const campaigns = createCampaignStore(store().db, () => NOW)
    const { version } = await campaigns.publish(SOURCE, campaign, [], { runningBodies: false })
    const account = { timezone: 'Europe/London', ...(quietHours ? { quietHours } : {}) }
    const plan = planForAccount(campaign, compileCampaign(campaign, version), account, NOW)
    const follower = { appId: 'wxA', openId }
    const entry = {
      at: NOW,
      seq: 1,
      key: `run-${openId}`,
      event: 'subscribe' as const,
      qrScene: null,
      eventKey: null,
      text: null,
    }
    await insertRun(store().db, follower, { entry, plan }, [], NOW)
    const [row] = await runsByFollower(store().db, follower)
    if (!row) throw new Error('the run has no row')
    return { campaigns, plan, row }
  }

  it('is stored once for its campaign version; the row has what events and views need', async () => {
    const { campaigns, plan, row } = await begin('oOne')
    expect(row.plan).toEqual({ exitKeywords: ['td'], priority: 0, windowMs: plan.windowMs })
    expect(await planOfRun(campaigns, row)).toEqual(plan)
  })

  it("has the account's quiet hours of the run's beginning", async () => {
    const { campaigns, plan, row } = await begin('oNight', { from: '22:00', to: '08:00' })
    expect(plan.quiet).toEqual({ from: 1320, to: 480 })
    expect(await planOfRun(campaigns, row)).toEqual(plan)
  })

  it('is the one in the row when 0.3 wrote it', async () => {
    const { campaigns, plan, row } = await begin('oOld')
    const pinned = { ...plan, steps: plan.steps.slice(1) }
    await store().db.update(runs).set({ plan: pinned })
    const [old] = await runsByFollower(store().db, row)
    expect(old && (await planOfRun(campaigns, old))).toEqual(pinned)
  })

  it('is null when the campaign version is lost', async () => {
    const { campaigns, row } = await begin('oLost')
    expect(await planOfRun(campaigns, { ...row, version: 99 })).toBeNull()
  })
})
