import { suspendDemoAccounts } from './bootstrap/demo/demo-account.ts'
import { verifyEncryptionKeys } from './bootstrap/encryption/verify-encryption-keys.ts'
import { listen } from './bootstrap/http/server.ts'
import { createWorkerHttpApp } from './bootstrap/http/worker-http-app.ts'
import { openStoreWithRetry } from './bootstrap/open-store-with-retry.ts'
import { createServices } from './bootstrap/services.ts'
import { createShutdown, main } from './bootstrap/shutdown.ts'
import { createWorkerVersionReadiness } from './bootstrap/worker-version-readiness.ts'
import { loadConfig, requireProduction, workerVersion } from './config/config.ts'
import { createLog } from './shared/log.ts'
import { connectTemporal, temporalTargetFromEnv } from './temporal/connection.ts'
import { assertPortFree } from './temporal/local-server/ports.ts'
import { installTemporalRuntime } from './temporal/sdk-runtime.ts'
import { runWorkers } from './temporal/workers.ts'
import { readBundle } from './temporal/workflow-bundle/prebuilt-bundle.ts'
import { openTracing } from './tracing/open-tracing.ts'

/** Contract, section 1: what running sends get when the process stops. */
const GRACE_PERIOD_MS = 6_000

/** `npm run worker`: workflows, sends and periodic jobs, against a cluster and a PostgreSQL of their own. */
await main(async () => {
  const config = loadConfig()
  const { databaseUrl, adminToken, encryptionKey } = requireProduction(config)
  const version = workerVersion(config)
  const bundle = config.workflowBundle ? readBundle(config.workflowBundle) : undefined
  const log = createLog(config.logLevel)
  const shutdown = createShutdown(log)
  shutdown.handleSignals()
  const tracing = await openTracing(config.traces, log)
  // Undone last: what the others do at their end is told too.
  shutdown.onShutdown('traces', tracing.stop)
  await assertPortFree(config.workerPort, config.host, 'WORKER_PORT')

  const sdk = await installTemporalRuntime(log)
  const store = await openStoreWithRetry(databaseUrl, log)
  shutdown.onShutdown('store', store.close)
  const dataConverter = await verifyEncryptionKeys({ config, db: store.db, encryptionKey, log })
  const target = temporalTargetFromEnv(config.temporal.env)
  const link = connectTemporal(target, `w${process.pid}`, dataConverter, tracing)
  shutdown.onShutdown('engine link', link.close)
  const services = createServices({ config, db: store.db, link, encryptionKey, log, tracing })
  await suspendDemoAccounts(services)
  const workers = runWorkers({
    target,
    activities: services.activities,
    mayPoll: services.home.mayPoll,
    identity: `w${process.pid}`,
    graceMs: GRACE_PERIOD_MS,
    log,
    tracing,
    dataConverter,
    version,
    ...(bundle ? { bundle: Promise.resolve(bundle) } : {}),
  })
  const app = createWorkerHttpApp({
    ...services,
    adminToken,
    publicUrl: config.publicUrl,
    trustedProxies: config.trustedProxies,
    isReady: async () => workers.isPolling() && (await link.isUp()),
    versionProblem: version && createWorkerVersionReadiness(link.client, version),
    sdkMetrics: sdk.metrics,
  })
  const web = await listen(app, config.workerPort, config.host)
  shutdown.onShutdown('web', web.close)
  shutdown.onShutdown('workers', workers.stop, GRACE_PERIOD_MS + 2_000)
  services.jobs.start()
  shutdown.onShutdown('periodic jobs', services.jobs.stop)
  await workers.polling
  log.info({ health: `${web.url}/readyz`, ...version }, 'working')
})
