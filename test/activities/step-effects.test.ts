import { and, asc, eq, inArray } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { inbox, outbox } from '../../src/store/schema.ts'
import { rejectWrites } from '../fixtures/refuse-writes.ts'
import { publishCampaign } from '../harness/publish-campaign.ts'
import { failureOf, type SendHarness, type SendScenario, startSendHarness } from '../harness/send-harness.ts'

const PAY = '  - { id: pay, send: { text: 你好 }, set: { paid: true }, webhook: crm, go: members }'

let harness: SendHarness
beforeAll(async () => {
  harness = await startSendHarness()
  const members = 'entry: { event: api }\nsteps: [{ id: hi, send: { text: hi } }]'
  await publishCampaign(harness.services, `id: members\nname: members\n${members}\n`)
})
afterAll(() => harness?.close())

/** The events and webhooks that the step has caused. */
async function effectsOf({ appId, openId }: SendScenario) {
  const { db } = harness.services
  const events = await db
    .select()
    .from(inbox)
    .where(and(eq(inbox.appId, appId), eq(inbox.openId, openId), inArray(inbox.kind, ['fact', 'enter'])))
    .orderBy(asc(inbox.id))
  const webhooks = await db.select().from(outbox).where(eq(outbox.openId, openId))
  return { all: [...events.map((e) => e.kind), ...webhooks.map((w) => w.endpoint)], webhooks }
}
const seen = async (scenario: SendScenario) => (await effectsOf(scenario)).all
const ONCE = ['fact', 'enter', 'crm']

describe('what a step does besides its message', () => {
  it.each(['sendNow', 'send'] as const)('is written with the result: %s', async (how) => {
    const scenario = await harness.scenario({ steps: PAY })
    expect(await scenario[how]()).toMatchObject({ result: 'sent' })
    const { all, webhooks } = await effectsOf(scenario)
    expect(all).toEqual(ONCE)
    expect(JSON.parse(webhooks[0]?.body ?? '')).toMatchObject({ step: 'pay', facts: { paid: true } })
    // The snapshot agrees with the state that the workflow computes.
    const { state } = await scenario.run()
    expect(state).toMatchObject({ own: { paid: true }, stop: { outcome: 'completed', reason: 'go members' } })
  })

  it('happens once when the worker was lost after it had written the result', async () => {
    const scenario = await harness.scenario({ steps: PAY })
    await scenario.sendNow()
    expect(await scenario.sendNow()).toMatchObject({ result: 'sent' })
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(await scenario.resolveUnanswered()).toMatchObject({ result: 'sent' })
    expect(scenario.received()).toHaveLength(1)
    expect(await seen(scenario)).toEqual(ONCE)
  })

  it('happens once after an unclear answer, with the attempt that is answered', async () => {
    const scenario = await harness.scenario({ steps: PAY })
    scenario.fault({ reset: 'after' })
    expect(await scenario.sendNow()).toBeNull()
    expect(await seen(scenario)).toEqual([])
    // The send activity waits for the backoff of the local attempt.
    await failureOf(scenario.send())
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 1 })
    expect(await scenario.send()).toMatchObject({ result: 'sent', unclear: 1 })
    expect(await seen(scenario)).toEqual(ONCE)
  })

  it('does not happen when WeChat refuses the message, or its answer stays unknown', async () => {
    const refused = await harness.scenario({ steps: PAY })
    refused.fault({ errcode: 45002 })
    expect(await refused.sendNow()).toMatchObject({ result: 'refused' })
    expect(await seen(refused)).toEqual([])
    const unknown = await harness.scenario({ steps: PAY, account: { onUnknown: 'assume-sent' } })
    unknown.fault({ reset: 'after' })
    expect(await unknown.send()).toMatchObject({ result: 'unknown' })
    expect(await seen(unknown)).toEqual([])
  })

  it('does not happen when the answer comes after the run took the result for unknown', async () => {
    const scenario = await harness.scenario({ steps: PAY })
    scenario.fault({ latencyMs: 500 })
    const sending = scenario.send()
    await scenario.waitForDelivery((row) => row.state === 'sending')
    expect(await scenario.resolveUnanswered()).toMatchObject({ result: 'unknown' })
    expect(await sending).toMatchObject({ result: 'sent' })
    expect(await scenario.delivery()).toMatchObject({ state: 'sent' })
    expect(await seen(scenario)).toEqual([])
  })

  it('is written by the next attempt when the store was away, and the message is not sent again', async () => {
    const scenario = await harness.scenario({ steps: PAY })
    const accept = await rejectWrites(harness.services.db, 'outbox', 'NEW.id > 0', '57P01')
    onTestFinished(accept)
    await expect(scenario.send()).rejects.toThrow()
    expect(await scenario.delivery()).toMatchObject({ state: 'sending' })
    expect(await seen(scenario)).toEqual([])
    await accept()
    expect(await scenario.send()).toMatchObject({ result: 'sent' })
    expect(scenario.received()).toHaveLength(1)
    expect(await seen(scenario)).toEqual(ONCE)
  })

  it('is written with the end of the run, when the step is the last one', async () => {
    const last = '  - { id: last, send: { text: 你好 }, set: { paid: true }, webhook: crm }'
    const scenario = await harness.scenario({ steps: last })
    expect(await scenario.sendNow({ completesRun: true })).toMatchObject({ completedRun: true })
    expect(await scenario.sendNow({ completesRun: true })).toMatchObject({ result: 'sent' })
    expect(await scenario.run()).toMatchObject({ status: 'ended', state: { own: { paid: true } } })
    expect(await seen(scenario)).toEqual(['fact', 'crm'])
  })
})

describe('a step without a message', () => {
  it('writes what it does once, however often it is repeated', async () => {
    const scenario = await harness.scenario({
      steps: '  - { id: pay, set: { paid: true }, webhook: crm, go: members }',
    })
    expect(await scenario.act(0)).toEqual({ result: 'done' })
    expect(await scenario.act(0)).toEqual({ result: 'done' })
    expect(await seen(scenario)).toEqual(ONCE)
    expect(scenario.received()).toEqual([])
  })
})
