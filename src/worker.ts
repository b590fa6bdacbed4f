import { suspendDemoAccounts } from './app/demo.ts'
import { createLifetime, main } from './app/lifetime.ts'
import { openPatiently } from './app/open-patiently.ts'
import { createProduct } from './app/product.ts'
import { installRuntime } from './app/sdk-runtime.ts'
import { listen } from './app/server.ts'
import { unlock } from './app/unlock.ts'
import { createVersionReady } from './app/version-ready.ts'
import { createWorkerWeb } from './app/worker-web.ts'
import { loadConfig, requireProduction, workerVersion } from './config.ts'
import { linkEngine, targetFromEnvironment } from './engine/connection.ts'
import { assertPortFree } from './engine/local/ports.ts'
import { readBundle } from './engine/prebuilt-bundle.ts'
import { runWorkers } from './engine/workers.ts'
import { createLog } from './log.ts'
import { openTracing } from './tracing/open.ts'

/** Contract, section 1: what running sends get when the process stops. */
const GRACE_MS = 6_000

/** `npm run worker`: workflows, sends and periodic jobs, against a cluster and a PostgreSQL of their own. */
await main(async () => {
  const config = loadConfig()
  const { databaseUrl, adminToken, encryptionKey } = requireProduction(config)
  const version = workerVersion(config)
  const bundle = config.workflowBundle ? readBundle(config.workflowBundle) : undefined
  const log = createLog(config.logLevel)
  const life = createLifetime(log)
  life.onSignals()
  const tracing = await openTracing(config.traces, log)
  // Undone last: what the others do at their end is told too.
  life.onEnd('traces', tracing.stop)
  await assertPortFree(config.workerPort, config.host, 'WORKER_PORT')

  const sdk = await installRuntime(log)
  const store = await openPatiently(databaseUrl, log)
  life.onEnd('store', store.close)
  const dataConverter = await unlock({ config, db: store.db, encryptionKey, log })
  const target = targetFromEnvironment(config.temporal.env)
  const link = linkEngine(target, `w${process.pid}`, dataConverter, tracing)
  life.onEnd('engine link', link.close)
  const product = createProduct({ config, db: store.db, link, encryptionKey, log, tracing })
  await suspendDemoAccounts(product)
  const workers = runWorkers({
    target,
    activities: product.activities,
    mayPoll: product.home.mayPoll,
    identity: `w${process.pid}`,
    graceMs: GRACE_MS,
    log,
    tracing,
    dataConverter,
    version,
    ...(bundle ? { bundle: Promise.resolve(bundle) } : {}),
  })
  const app = createWorkerWeb({
    ...product,
    adminToken,
    publicUrl: config.publicUrl,
    trustedProxies: config.trustedProxies,
    isReady: async () => workers.isPolling() && (await link.isUp()),
    versionTrouble: version && createVersionReady(link.client, version),
    sdkMetrics: sdk.metrics,
  })
  const web = await listen(app, config.workerPort, config.host)
  life.onEnd('web', web.close)
  life.onEnd('workers', workers.stop, GRACE_MS + 2_000)
  product.jobs.start()
  life.onEnd('periodic jobs', product.jobs.stop)
  await workers.polling
  log.info({ health: `${web.url}/readyz`, ...version }, 'working')
})
