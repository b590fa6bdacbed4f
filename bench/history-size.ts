import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker'
import { advanceRunClock } from '../src/temporal/advance-clock.ts'
import { freshNamespace } from '../test/harness/fresh-namespace.ts'
import { planOf, startWorkflowHarness } from '../test/harness/workflow-harness.ts'
import type { BareActivities } from './bare-workflow.ts'
import type { Figure } from './stats.ts'
import { countActions } from './temporal-actions.ts'

const HOUR = 3_600_000
/** A series of five steps without hints, planned from a reply, as in the example campaigns. */
const DELAYS = [0, 600_000, 22 * HOUR, 30 * HOUR, 47 * HOUR]

/** Events, bytes and state transitions of a five-step run, compared with a bare workflow of five sleeps and activities. */
export async function measureRunSize(address: string): Promise<Figure[]> {
  const nurture = await runNurture(address, true)
  const readable = await runNurture(address, false)
  const bare = await runBare(address)
  const figure = (name: string, key: keyof typeof bare, unit: string): Figure => ({
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

async function runNurture(address: string, encrypt: boolean) {
  const env = await startWorkflowHarness(address, { encrypt })
  const follower = env.follower()
  await follower.start(planOf(DELAYS.map((afterMs, i) => ({ id: `step-${i}`, afterMs, since: 'reply' }))))
  await follower.interact('message', { text: '1' })
  await follower.waitForState((s) => s.steps[0]?.state === 'sent')
  const minute = await sizeOf(env.client, follower.workflowId)
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

async function sizeOf(client: Client, workflowId: string) {
  const { raw } = await client.workflow.getHandle(workflowId).describe()
  const info = raw.workflowExecutionInfo
  return {
    events: Number(info?.historyLength ?? 0),
    bytes: Number(info?.historySizeBytes ?? 0),
    transitions: Number(info?.stateTransitionCount ?? 0),
  }
}
