import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Adapter } from '../adapter.ts'
import type { BareMessageActivities } from './bare-message-workflow.ts'

const taskQueue = 'bare'

/** A workflow of a timer and an activity, without any of the product's code: what Temporal itself costs. */
export const bareWorkflowAdapter: Adapter = {
  title: 'bare workflow on Temporal',
  server: 'temporal',
  canCancel: true,
  // A task for the killed worker goes to another after 10 s (its own queue's time limit), then a second attempt after 1 s.
  recoveryMs: 11_000,
  settings: 'Temporal on SQLite, activity time limit 3 s',
  maxWaiting: 400,
  async open({ url: address, folder, send }) {
    const { Client, Connection } = await import('@temporalio/client')
    const { NativeConnection, Worker } = await import('@temporalio/worker')
    const codePath = await bundleOnce(join(folder, 'bare-workflow.js'))
    const client = new Client({ connection: await Connection.connect({ address }) })
    const activities: BareMessageActivities = { send }
    const worker = await Worker.create({
      connection: await NativeConnection.connect({ address }),
      taskQueue,
      workflowBundle: { codePath },
      activities: { ...activities },
    })
    // It polls until the process is killed.
    void worker.run()
    return {
      async schedule(message) {
        await client.workflow.start('BareMessage', { workflowId: message.id, taskQueue, args: [message] })
      },
      async cancel(id) {
        await client.workflow.getHandle(id).cancel()
      },
    }
  },
}

/** The workflow's bundle. A restarted worker uses the one that the first made. */
async function bundleOnce(path: string): Promise<string> {
  if (existsSync(path)) return path
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker')
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./bare-message-workflow.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  })
  writeFileSync(`${path}.part`, code)
  renameSync(`${path}.part`, path)
  return path
}
