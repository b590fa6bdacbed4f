import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import type { WorkerVersion } from '../../src/config/config.ts'
import { createDeployments } from '../../src/temporal/deployment.ts'
import { createRunBacklogReader } from '../../src/temporal/run-backlog.ts'
import { NURTURE_QUEUE, WORKFLOW_TYPE } from '../../workflows/names.ts'
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

  it('of versions that no new run starts on is not counted: it may never have a worker again', async () => {
    const versioned = await startWorkflowHarness(address, { idle: true })
    onTestFinished(() => versioned.close())
    const { client } = versioned
    const deployments = createDeployments(client)
    const [before, after] = ['before', 'after'].map((buildId) => ({ deploymentName: 'backlog', buildId }))
    if (!before || !after) throw new Error('no versions')
    for (const version of [before, after]) {
      await versioned.startWorkers(version)
      await waitFor(() => deployments.isPolled(version))
      await versioned.stopWorkers()
    }
    await deployments.makeCurrent(after)
    const start = (workflowId: string, pinnedTo?: WorkerVersion) =>
      client.workflow.start(WORKFLOW_TYPE, {
        workflowId,
        taskQueue: NURTURE_QUEUE,
        ...(pinnedTo ? { versioningOverride: { pinnedTo } } : {}),
      })
    for (let i = 0; i < 5; i++) await start(`pinned-${i}`, before)
    for (let i = 0; i < 2; i++) await start(`new-${i}`)
    const taskQueue = { name: NURTURE_QUEUE }
    const request = { namespace: client.options.namespace, taskQueue, taskQueueType: 1, reportStats: true }
    const inAllVersions = async () => {
      const { stats } = await client.workflowService.describeTaskQueue(request)
      return Number(stats?.approximateBacklogAge?.seconds ?? 0) > 0 && Number(stats?.approximateBacklogCount)
    }
    await waitFor(inAllVersions, { until: (count) => count === 7 })
    const read = createRunBacklogReader(client)
    await waitFor(read, { until: (count) => count === 2 })
  })
})
