import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { planOfItems } from '../harness/file-plan.ts'
import { waitFor } from '../harness/wait-for.ts'
import { startWorkflowHarness, type TestFollower, type WorkflowHarness } from '../harness/workflow-harness.ts'

const HOUR = 3_600_000

const hello = planOfItems(`
- { id: hello, send: { text: hello } }
- { id: ask, after: 5h, send: { text: ask } }
`)
const offer = {
  ...planOfItems('[{ id: offer, send: { text: offer } }, { id: last, after: 1h, send: { text: last } }]'),
  campaign: 'offer',
  replaces: true as const,
}

let harness: WorkflowHarness
beforeAll(async () => {
  harness = await startWorkflowHarness(inject('temporalAddress'))
})
afterAll(() => harness?.close())

/** The entry of the offer, by a typed word. @returns its key */
async function enterOffer(f: TestFollower, key: string): Promise<void> {
  const runKey = (await f.handle().describe()).memo?.runKey
  if (typeof runKey !== 'string') throw new Error('the run has no key')
  const at = Math.floor((await f.clock()) / 1000) * 1000
  const entry = { key, at, seq: 900, event: 'message' as const, qrScene: null, eventKey: null, text: '优惠' }
  const start = { entry, plan: offer }
  await f.interact('message', { key, at, text: '优惠', start, replaces: runKey })
}
const ends = (f: TestFollower) =>
  f.records.flatMap(({ state }) =>
    state.status === 'ended' ? [`${state.campaign} ${state.outcome} ${state.reason}`] : [],
  )

it('a run that is replaced ends, and the new one begins with its grants, once', async () => {
  const f = harness.follower()
  await f.start(hello)
  await waitFor(() => f.sent, { until: (sent) => sent.length === 1 })
  await enterOffer(f, 'offer-1')
  // The dispatcher repeats the signal when its process was lost.
  await waitFor(() => f.sent, { until: (sent) => sent.length === 2 })
  await f.interact('message', { key: 'offer-1', text: '优惠', replaces: 'gone' })
  const state = await f.waitForState((s) => s.campaign === 'offer' && s.steps[0]?.state === 'sent')
  expect(state.ledger.map(({ scene, used }) => [scene, used])).toEqual([
    ['subscribe', 2],
    ['message', 0],
  ])
  await f.advance(6 * HOUR)
  expect(await f.outcome()).toMatchObject({ outcome: 'completed' })
  expect(f.sent.map(({ stepId }) => stepId)).toEqual(['hello', 'offer', 'last'])
  expect(ends(f)).toEqual(['story cancelled replaced by offer', 'offer completed null'])
})

it('a message that is being sent finishes first, and counts for the new run', async () => {
  const f = harness.follower()
  let answer = () => {}
  let requests = 0
  f.answerSends(async ({ now }) => {
    requests += 1
    if (requests === 1) await new Promise<void>((resolve) => (answer = resolve))
    return { result: 'sent', at: now, unclear: 0 }
  })
  await f.start(hello)
  await waitFor(() => requests, { until: (n) => n === 1 })
  await enterOffer(f, 'offer-2')
  expect(ends(f)).toEqual([])
  answer()
  const state = await f.waitForState((s) => s.campaign === 'offer' && s.steps[0]?.state === 'sent')
  expect(state.ledger[0]).toMatchObject({ scene: 'subscribe', used: 2 })
  expect(f.sent.map(({ stepId }) => stepId)).toEqual(['hello', 'offer'])
  expect(ends(f)).toEqual(['story cancelled replaced by offer'])
  await f.handle().signal('cancel')
})
