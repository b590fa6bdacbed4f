import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createRunBacklogReader } from '../../src/temporal/run-backlog.ts'
import { waitFor } from '../harness/wait-for.ts'
import { planOf, startWorkflowHarness, type WorkflowHarness } from '../harness/workflow-harness.ts'

const address = inject('temporalAddress')

describe.skipIf(!address)('the backlog of runs', () => {
  let env: WorkflowHarness
  beforeAll(async () => {
    env = await startWorkflowHarness(address, { idle: true })
  })
  afterAll(() => env?.close())

  it('counts the runs that wait for a worker, and none once workers have served them', async () => {
    const read = createRunBacklogReader(env.client)
    expect(await read()).toBe(0)
    const plan = planOf([{ id: 'the-only-step', afterMs: 0 }])
    const followers = [env.follower(), env.follower(), env.follower()]
    for (const follower of followers) await follower.start(plan)
    await waitFor(read, { until: (waiting) => waiting === followers.length })
    await env.startWorkers()
    for (const follower of followers) expect(await follower.outcome()).toMatchObject({ outcome: 'completed' })
    await waitFor(read, { until: (waiting) => waiting === 0 })
  })
})
