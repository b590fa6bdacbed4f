import type { Hono } from 'hono'
import { createTestClock } from '../../src/bootstrap/demo/test-clock.ts'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import { createServices, type Services } from '../../src/bootstrap/services.ts'
import type { Log } from '../../src/shared/log.ts'
import type { Store } from '../../src/store/db.ts'
import type { createDataConverter } from '../../src/temporal/codec.ts'
import { connectTemporal } from '../../src/temporal/connection.ts'
import { runWorkers } from '../../src/temporal/workers.ts'
import { bundleWorkflows } from '../../src/temporal/workflow-bundle/workflow-bundle.ts'

type Queue = 'nurture' | 'send'

/** The settings that all restarts of an app share. */
export interface AppSettings {
  temporalAddress: string
  port: number
  config: Parameters<typeof createServices>[0]['config']
  adminToken: string
  encryptionKey: string
  dataConverter: ReturnType<typeof createDataConverter>
  log: Log
  /** The task queues whose workers start at once. */
  queues: readonly Queue[]
}

/** The app between a start and the next stop, in this process. */
export interface AppProcess {
  services: Services
  web: Hono
  /** The URL of its HTTP server. */
  url: string
  testClock: ReturnType<typeof createTestClock>
  startWorkers(queues: readonly Queue[]): Promise<void>
  stop(): Promise<void>
}

const bundle = bundleWorkflows()

/** Starts the parts of `npm start` on a store that the caller opens and closes. */
export async function startAppProcess(
  settings: AppSettings,
  { store, namespace, now }: { store: Store; namespace: string; now: () => number },
): Promise<AppProcess> {
  const { config, encryptionKey, dataConverter, log, adminToken } = settings
  const target = { namespace, connection: { address: settings.temporalAddress } }
  const link = connectTemporal(target, 'test', dataConverter)
  const services = createServices({ config, db: store.db, temporal: link, encryptionKey, log, now })
  await services.reloadConfig()
  const links = { simulatorUrl: null, temporalUiUrl: null, namespace }
  const web = createHttpApp(services, { adminToken, links: () => links })
  const server = await listen(web, settings.port, '127.0.0.1')
  const workers: ReturnType<typeof runWorkers>[] = []
  const startWorkers = async (queues: readonly Queue[]) => {
    const { activities, namespaceGuard: home } = services
    const common = { target, activities, identity: 'test', graceMs: 1_000, log, bundle, dataConverter }
    const started = runWorkers({ ...common, queues, mayPoll: home.mayPoll })
    workers.push(started)
    // Workers never poll a Temporal server that the store does not accept.
    if (await home.mayPoll()) await started.polling
  }
  if (settings.queues.length > 0) await startWorkers(settings.queues)
  services.dispatcher.start()
  services.webhookSender.start()
  services.bulkRunner.start()
  return {
    services,
    web,
    url: server.url,
    testClock: createTestClock(link.client, store.db, services.closingClock),
    startWorkers,
    async stop() {
      await services.dispatcher.stop()
      await services.webhookSender.stop()
      await services.bulkRunner.stop()
      await Promise.all(workers.map((w) => w.stop()))
      await server.close()
      await link.close()
    },
  }
}
