import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker'
import { advanceRunClock } from '../src/temporal/advance-clock.ts'
import { freshNamespace } from '../test/harness/fresh-namespace.ts'
import { waitFor } from '../test/harness/wait-for.ts'
import { planOf, startWorkflowHarness } from '../test/harness/workflow-harness.ts'
import type { BareActivities } from './bare-workflow.ts'
import type { Figure } from './stats.ts'
import { countActions } from './temporal-actions.ts'

const HOUR = 3_600_000
/** A series of five steps without hints, planned from a reply, as in the example campaigns. */
const DELAYS = [0, 600_000, 22 * HOUR, 30 * HOUR, 47 * HOUR]

/** Events, bytes and state transitions of a five-step run, compared with a bare workflow of five sleeps and activities. */
export async function measureRunSize(address: string): Promise<Figure[]> {
  const nurture = await measureRun(address)
  const readable = await measureRun(address, { encrypt: false })
  const bare = await runBare(address)
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
