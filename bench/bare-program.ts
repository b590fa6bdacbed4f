import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker'
import '../test/harness/setup/silence-sdk.ts'
import { type BareActivities, type BareSeries, startSignal } from './bare-workflow.ts'
import { runConcurrently } from './stats.ts'

/** Starts in flight, as many as the product's dispatcher has. */
const CONCURRENT_STARTS = 8
const TASK_QUEUE = 'bare'

/**
 * A bare workflow's worker and its starter in one process, the reference for the cost of a run. Reads lines `COUNT DELAYS`
 * (a JSON array of ms) from standard input; starts that many runs, waits until all have ended and prints `done`.
 */
const [address = '', namespace = ''] = process.argv.slice(2)
const [native, connection] = await Promise.all([
  NativeConnection.connect({ address }),
  Connection.connect({ address }),
])
const client = new Client({ connection, namespace })
const bundle = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('./bare-workflow.ts', import.meta.url)),
  logger: new DefaultLogger('ERROR'),
})
const activities: BareActivities = { noop: async () => {} }
const worker = await Worker.create({
  connection: native,
  namespace,
  taskQueue: TASK_QUEUE,
  workflowBundle: bundle,
  activities: { ...activities },
})
await worker.runUntil(async () => {
  process.stdout.write('ready\n')
  let batch = 0
  for await (const line of createInterface({ input: process.stdin })) {
    const [count = '', delays = '[]'] = line.split(' ', 2)
    await runBatch(++batch, Number(count), JSON.parse(delays) as number[])
    process.stdout.write('done\n')
  }
})
await native.close()
await connection.close()

async function runBatch(batch: number, count: number, delaysMs: number[]): Promise<void> {
  const handles: Awaited<ReturnType<typeof startRun>>[] = []
  await runConcurrently(count, CONCURRENT_STARTS, async (i) => {
    handles.push(await startRun(`bare-${batch}-${i}`, delaysMs))
  })
  await Promise.all(handles.map((handle) => handle.result()))
}

function startRun(workflowId: string, delaysMs: number[]) {
  return client.workflow.signalWithStart<typeof BareSeries>('BareSeries', {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [delaysMs],
    signal: startSignal,
    signalArgs: [],
  })
}
