import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { checkCampaign } from '../../campaign/check.ts'
import type { DoneStep } from '../../run/act.ts'
import { createCampaignStore } from '../campaigns/campaign-store.ts'
import { inbox, outbox } from '../schema.ts'
import { saveFollower } from './follower-rows.ts'
import { writeStepEffects } from './step-effects.ts'

const NOW = 1_800_000_000_000
const FOLLOWER = { appId: 'wxA', openId: 'oOne' }

describeOnBothStores('what a step does besides its message', (store) => {
  const step = (acts: DoneStep['acts'], more: Partial<DoneStep> = {}): DoneStep => ({
    runKey: 'run-1',
    stepId: 's',
    campaign: 'first',
    version: 2,
    qrScene: 'expo',
    own: { ...acts.set },
    at: NOW - 5,
    variant: 'test=b',
    acts,
    ...more,
  })
  const write = (...args: Parameters<typeof step>) =>
    store().db.transaction((tx) => writeStepEffects(tx, FOLLOWER, step(...args), NOW))
  const events = () => store().db.select().from(inbox).orderBy(inbox.id)
  const publish = async (id: string, fields = '') => {
    const source = `id: ${id}\nname: ${id}\nentry: { event: subscribe }\n${fields}steps: [{ id: hi, send: { text: hi } }]\n`
    const { campaign, issues } = checkCampaign(source)
    if (!campaign) throw new Error(JSON.stringify(issues))
    await createCampaignStore(store().db, () => NOW).publish(source, campaign, [])
  }

  it('sets facts as an event of the follower, which the run itself is not told', async () => {
    expect(await write({ set: { paid: true } })).toEqual({ hasEvents: true, problem: null })
    expect((await events()).map((row) => [row.openId, row.kind, row.event?.request])).toEqual([
      ['oOne', 'fact', { type: 'fact', facts: { paid: true }, by: 'run-1' }],
    ])
  })

  it('queues a webhook with all facts of the follower, the newest of the run among them', async () => {
    await saveFollower(store().db, FOLLOWER, { own: { doctor: '李', paid: false } }, NOW)
    expect(await write({ webhook: 'crm', set: { paid: true } })).toMatchObject({ problem: null })
    const rows = await store().db.select().from(outbox)
    expect(rows.map((row) => [row.runKey, row.stepId, row.endpoint])).toEqual([['run-1', 's', 'crm']])
    expect(JSON.parse(rows[0]?.body ?? '')).toMatchObject({
      id: 'run-1/s',
      campaign: 'first',
      version: 2,
      qrScene: 'expo',
      variant: 'test=b',
      facts: { doctor: '李', paid: true },
    })
  })

  it('asks for the entry into the live version of another campaign, after this run', async () => {
    await publish('next')
    await publish('next', 'priority: 1\n')
    expect(await write({ go: 'next' })).toEqual({ hasEvents: true, problem: null })
    const [row] = await events()
    expect(row?.event).toMatchObject({
      request: { type: 'enter', facts: {}, after: 'run-1' },
      start: { campaign: 'next', version: 2, event: 'api' },
    })
  })

  it('says why the follower cannot enter, and asks for nothing then', async () => {
    await publish('paused')
    await publish('elsewhere', 'accounts: [wxB]\n')
    await createCampaignStore(store().db, () => NOW).setState('paused', 'paused')
    const problems = await Promise.all(
      ['gone', 'paused', 'elsewhere'].map(async (go) => (await write({ go })).problem),
    )
    expect(problems).toEqual([
      'there is no campaign gone',
      'campaign paused is paused',
      'campaign elsewhere does not serve this account',
    ])
    expect(await events()).toEqual([])
  })

  it('is done once, however often the step is repeated', async () => {
    await publish('next')
    const acts = { set: { a: 1 }, webhook: 'crm', go: 'next' }
    for (const at of [NOW, NOW + 7]) await write(acts, { at })
    expect((await events()).map((row) => row.kind)).toEqual(['fact', 'enter'])
    expect(await store().db.select().from(outbox)).toHaveLength(1)
    await write(acts, { stepId: 't' })
    expect(await events()).toHaveLength(4)
    expect(await store().db.select().from(outbox)).toHaveLength(2)
  })

  it('is not done without the rest of its transaction', async () => {
    const failing = store().db.transaction(async (tx) => {
      await writeStepEffects(tx, FOLLOWER, step({ set: { a: 1 }, webhook: 'crm' }), NOW)
      throw new Error('the result is refused')
    })
    await expect(failing).rejects.toThrow('the result is refused')
    expect(await events()).toEqual([])
    expect(await store().db.select().from(outbox)).toEqual([])
  })
})
