import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker'
import type { Plan } from '../src/run/plan.ts'
import { advanceRunClock } from '../src/temporal/advance-clock.ts'
import { planOfItems } from '../test/harness/file-plan.ts'
import { freshNamespace } from '../test/harness/fresh-namespace.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import { planOf, startWorkflowHarness } from '../test/harness/workflow-harness.ts'
import type { BareActivities } from './bare-workflow.ts'
import { FORK_LIMITS } from './cost-limits.ts'
import type { Figure } from './stats.ts'
import { countActions } from './temporal-actions.ts'

const HOUR = 3_600_000
/** A series of five steps without hints, planned from a reply, as in the example campaigns. */
const DELAYS = [0, 600_000, 22 * HOUR, 30 * HOUR, 47 * HOUR]

const PLAIN = [
  '- { id: hello, after: 5s, send: { text: hello } }',
  '- { id: gift, since: reply, after: 0s, send: { text: hello } }',
  ...['10m', '1h', '1h', '0s', '10m', '2h', '1h', '1h'].map(
    (after, i) => `- { id: step-${i}, after: ${after}, send: { text: hello } }`,
  ),
].join('\n')

/** Ten messages as well, whichever way the share goes: three forks, and four messages in branches that are not taken. */
const FORKED = `
- { id: hello, after: 5s, send: { text: hello } }
- id: ask
  wait: 1h
  branches:
    - name: gift
      on: { keywords: ['1'] }
      steps:
        - { id: gift, send: { text: hello } }
        - { id: gift-2, after: 10m, send: { text: hello } }
        - { id: gift-3, after: 1h, send: { text: hello } }
    - { name: talk, on: { keywords: ['2'] }, steps: [{ id: talk, send: { text: hello } }] }
- { id: more, after: 1h, send: { text: hello } }
- id: half
  branches:
    - name: short
      share: 50
      steps: [{ id: short, send: { text: hello } }, { id: short-2, after: 10m, send: { text: hello } }]
  else: [{ id: long, send: { text: hello } }, { id: long-2, after: 10m, send: { text: hello } }]
- id: again
  wait: 20h
  branches:
    - { name: yes, on: { keywords: [好] }, steps: [{ id: yes, after: 2h, send: { text: hello } }] }
  else: [{ id: no, send: { text: hello } }]
- { id: day, after: 1h, send: { text: hello } }
- { id: last, after: 1h, send: { text: hello } }
`

/** Events, bytes and state transitions of a five-step run, compared with a bare workflow of five sleeps and activities. */
export async function measureRunSize(address: string): Promise<Figure[]> {
  const nurture = await measureRun(address)
  const readable = await measureRun(address, { encrypt: false })
  const bare = await runBare(address)
  const { plain, forked } = await measureForks(address)
  const figure = (name: string, key: 'events' | 'bytes' | 'transitions', unit: string): Figure => ({
    name,
    unit,
    value: nurture[key],
    reference: { name: 'bare workflow', value: bare[key] },
  })
  return [
    figure('events of a five-step run', 'events', 'events'),
    figure('history of a five-step run', 'bytes', 'bytes'),
    {
      name: 'history of a five-step run, encrypted',
      unit: 'bytes',
      value: nurture.bytes,
      reference: { name: 'PAYLOAD_ENCRYPTION=off', value: readable.bytes },
    },
    figure('state transitions of a five-step run', 'transitions', 'transitions'),
    { name: 'events of its first minute', unit: 'events', value: nurture.minute.events },
    { name: 'state transitions of its first minute', unit: 'transitions', value: nurture.minute.transitions },
    {
      name: 'events of a run of ten messages with three forks',
      unit: 'events',
      value: forked.events,
      reference: { name: 'without forks', value: plain.events },
      aim: `≤ ${FORK_LIMITS.events} ×`,
    },
    {
      name: 'history of a run of ten messages with three forks',
      unit: 'bytes',
      value: forked.bytes,
      reference: { name: 'without forks', value: plain.bytes },
      aim: `≤ ${FORK_LIMITS.bytes} ×`,
    },
    { name: 'actions of a five-step run', unit: 'actions', value: nurture.actions },
  ]
}

/**
 * Plays a run of five steps, and counts what it left in Temporal. Six of the events come from the clock that is advanced. The
 * run is not queried, because a query may end a workflow task early.
 */
export async function measureRun(address: string, { encrypt = true } = {}) {
  const env = await startWorkflowHarness(address, { encrypt })
  const follower = env.follower()
  await follower.start(planOf(DELAYS.map((afterMs, i) => ({ id: `step-${i}`, afterMs, since: 'reply' }))))
  // The reply comes after the first decision, as a person's does. Otherwise one workflow task might handle both.
  const begun = await waitUntilIdle(env.client, follower.workflowId, 0)
  await follower.interact('message', { text: '1' })
  const minute = await waitUntilIdle(env.client, follower.workflowId, begun.events)
  await follower.advance(48 * HOUR)
  await follower.outcome()
  const size = await sizeOf(env.client, follower.workflowId)
  const { events } = await env.client.workflow.getHandle(follower.workflowId).fetchHistory()
  await env.close()
  return { ...size, minute, actions: countActions(events ?? []) }
}

/** Plays ten messages with and without forks. The follower answers twice in both runs. */
export async function measureForks(address: string) {
  const rules = 'classic-48h'
  const env = await startWorkflowHarness(address)
  const play = async (plan: Plan) => {
    const follower = env.follower({ rules })
    const { workflowId } = follower
    await follower.start(plan)
    await waitUntilIdle(env.client, workflowId, 0)
    await follower.advance(6_000)
    for (const text of ['1', '好']) {
      const before = await waitUntilIdle(env.client, workflowId, 0)
      await follower.interact('message', { text })
      await waitUntilIdle(env.client, workflowId, before.events)
      await follower.advance(text === '1' ? 4 * HOUR : 48 * HOUR)
    }
    const { outcome } = await follower.outcome()
    if (outcome !== 'completed' || follower.sent.length !== 10)
      throw new Error(`a run ended as ${outcome} after ${follower.sent.length} messages of 10`)
    return sizeOf(env.client, workflowId)
  }
  const plain = await play(planOfItems(PLAIN))
  const forked = await play(planOfItems(FORKED))
  await env.close()
  return { plain, forked }
}

async function runBare(address: string) {
  const [native, connection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ])
  const namespace = await freshNamespace(address)
  const client = new Client({ connection, namespace })
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./bare-workflow.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  })
  const activities: BareActivities = { noop: async () => {} }
  const taskQueue = 'bare'
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    workflowBundle,
    activities: { ...activities },
  })
  const workflowId = 'bare'
  const size = await worker.runUntil(async () => {
    const delays = DELAYS.map((at, i) => at - (DELAYS[i - 1] ?? 0))
    const handle = await client.workflow.start('BareSeries', { workflowId, taskQueue, args: [delays] })
    await advanceRunClock(client, workflowId, 48 * HOUR)
    await handle.result()
    return sizeOf(client, workflowId)
  })
  await native.close()
  await connection.close()
  return size
}

/** Waits until a run has done all that it can do now, and its history is longer than `events`. */
function waitUntilIdle(client: Client, workflowId: string, events: number) {
  return waitFor(() => sizeOf(client, workflowId), { until: (size) => size.isIdle && size.events > events })
}

async function sizeOf(client: Client, workflowId: string) {
  const { raw } = await client.workflow.getHandle(workflowId).describe()
  const info = raw.workflowExecutionInfo
  return {
    events: Number(info?.historyLength ?? 0),
    bytes: Number(info?.historySizeBytes ?? 0),
    transitions: Number(info?.stateTransitionCount ?? 0),
    isIdle: !raw.pendingWorkflowTask,
  }
}
