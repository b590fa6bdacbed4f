import { WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { workflowIdOf } from '../../src/shared/ids.ts'
import { NURTURE_QUEUE, WORKFLOW_TYPE } from '../../workflows/names.ts'
import { planOf, startWorkflowHarness, type WorkflowHarness } from '../harness/workflow-harness.ts'

const address = inject('temporalAddress')
const INPUT = { inputVersion: 2, ledger: [], recorded: true }

describe.skipIf(!address)('the start of a run', () => {
  let env: WorkflowHarness
  beforeAll(async () => {
    env = await startWorkflowHarness(address, { encrypt: false })
  })
  afterAll(() => env?.close())

  it('is in the history once: in the first signal', async () => {
    const follower = env.follower()
    await follower.start(planOf([{ id: 'the-only-step', afterMs: 3_600_000 }]))
    await follower.waitForState((s) => s.steps[0]?.state === 'pending')
    const { events = [] } = await follower.handle().fetchHistory()
    // The timer's summary names the step too.
    const withPlan = (events ?? []).filter((event) => payloadsOf(event).includes('"afterMs":3600000'))
    expect(withPlan.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName)).toEqual([
      'interaction',
    ])
    await follower.handle().signal('cancel')
    expect(await follower.outcome()).toMatchObject({ outcome: 'cancelled' })
  })

  const byHand = (openId: string) => ({
    workflowId: workflowIdOf('wxtest', openId),
    taskQueue: NURTURE_QUEUE,
    args: [INPUT],
  })
  it.each([
    ['no signal', () => env.client.workflow.start(WORKFLOW_TYPE, byHand('oNoSignal'))],
    [
      'another signal first',
      () => env.client.workflow.signalWithStart(WORKFLOW_TYPE, { ...byHand('oOther'), signal: 'pause' }),
    ],
    [
      'a malformed interaction first',
      () =>
        env.client.workflow.signalWithStart(WORKFLOW_TYPE, {
          ...byHand('oMalformed'),
          signal: 'interaction',
          signalArgs: [{ start: { plan: {} } }],
        }),
    ],
  ])('is missing with %s: the run fails and says so', async (_, start) => {
    const handle = await start()
    const failure = await handle.result().catch((err: unknown) => err)
    expect(failure).toBeInstanceOf(WorkflowFailedError)
    const cause = (failure as WorkflowFailedError).cause
    expect(cause).toBeInstanceOf(ApplicationFailure)
    expect(cause).toMatchObject({ type: 'MissingStart' })
  })
})

/** The readable payloads of an event. */
function payloadsOf(event: object): string {
  return [...JSON.stringify(event).matchAll(/"data":"([^"]+)"/g)]
    .map(([, data]) => Buffer.from(data ?? '', 'base64').toString())
    .join('\n')
}
