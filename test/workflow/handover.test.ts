import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { planOfItems } from '../harness/file-plan.ts'
import { startWorkflowHarness, type WorkflowHarness } from '../harness/workflow-harness.ts'

const MINUTE = 60_000

let harness: WorkflowHarness
beforeAll(async () => {
  harness = await startWorkflowHarness(inject('temporalAddress'))
})
afterAll(() => harness?.close())

const booked = planOfItems(`
- { id: booked, send: { text: booked }, handover: guide@expo }
- { id: next, after: 1m, send: { text: next } }
`)
const alone = planOfItems(`
- { id: call, handover: guide@expo }
- { id: next, after: 1m, send: { text: next } }
`)
const REFUSED = { result: 'refused', reason: 'no-agent', errcode: 65415 } as const

describe('a handover in Temporal', () => {
  it.each([
    ['after a message', booked, 'booked'],
    ['by itself', alone, 'call'],
  ])('holds the following steps, until nobody has spoken for half an hour: %s', async (_, plan, step) => {
    const f = harness.follower()
    await f.start(plan, 'message')
    const state = await f.waitForState((s) => s.steps[0]?.state === 'sent')
    expect(state.steps[0]).toMatchObject({ id: step, state: 'sent' })
    await f.advance(2 * MINUTE)
    expect((await f.waitForState((s) => s.steps[1]?.state === 'held')).steps[1]).toMatchObject({
      state: 'held',
      reason: 'human-agent',
    })
    await f.advance(30 * MINUTE)
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    expect(f.sent.at(-1)?.stepId).toBe('next')
  })

  it('skips a step that does nothing else when WeChat refuses', async () => {
    const f = harness.follower()
    f.wechat.handover = () => REFUSED
    await f.start(alone, 'message')
    await f.advance(2 * MINUTE)
    const { steps } = await f.outcome()
    expect(steps).toEqual([
      { id: 'call', state: 'skipped', reason: 'no-agent' },
      { id: 'next', state: 'sent', reason: null },
    ])
  })

  it('leaves the result of a message, and of other actions, as it is when WeChat refuses', async () => {
    const f = harness.follower()
    f.wechat.handover = () => REFUSED
    const plan = planOfItems(`
- { id: booked, send: { text: booked }, handover: guide@expo }
- { id: ticket, webhook: crm, handover: guide@expo }
- { id: last, send: { text: last }, handover: guide@expo }
`)
    await f.start(plan, 'message')
    expect(await f.outcome()).toMatchObject({
      outcome: 'completed',
      steps: ['booked', 'ticket', 'last'].map((id) => ({ id, state: 'sent', reason: null })),
    })
    expect(f.acts.map((a) => a.stepId)).toEqual(['ticket'])
    expect(f.records.at(-1)?.state.warnings).toEqual([
      'step booked did not hand over to guide@expo: no-agent (65415)',
      'step ticket did not hand over to guide@expo: no-agent (65415)',
      'step last did not hand over to guide@expo: no-agent (65415)',
    ])
  })
})

describe('typing', () => {
  it('costs a step no event more than its send from the queue', async () => {
    const typed = planOfItems(`- { id: gift, typing: 2s, send: { text: gift } }`)
    const f = harness.follower()
    await f.start(typed, 'message')
    expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
    const events = (await f.handle().fetchHistory()).events ?? []
    expect(events.filter((e) => e.activityTaskScheduledEventAttributes)).toHaveLength(1)
    expect(events.filter((e) => e.markerRecordedEventAttributes)).toHaveLength(0)
  })
})
