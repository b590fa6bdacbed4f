import { listen } from './bootstrap/http/server.ts'
import { createWorkerHttpApp } from './bootstrap/http/worker-http-app.ts'
import { openProduction } from './bootstrap/production.ts'
import { runProgram } from './bootstrap/run-program.ts'
import { createWorkerVersionReadiness } from './bootstrap/worker-version-readiness.ts'
import { loadConfig, workerVersion } from './config/config.ts'
import { installTemporalRuntime } from './temporal/sdk-runtime.ts'
import { runWorkers, SEND_GRACE_MS, WORKERS_STOP_MS } from './temporal/workers.ts'
import { readBundle } from './temporal/workflow-bundle/prebuilt-bundle.ts'

/** `npm run worker`: workflows, sends, webhooks and periodic jobs, against a Temporal cluster and PostgreSQL. */
await runProgram(async () => {
  const config = loadConfig()
  const version = workerVersion(config)
  const bundle = config.workflowBundle ? readBundle(config.workflowBundle) : undefined
  const identity = `w${process.pid}`
  const { adminToken, log, shutdown, tracing, target, dataConverter, services } = await openProduction(
    config,
    {
      identity,
      port: config.workerPort,
      portVariable: 'WORKER_PORT',
    },
  )
  const sdk = await installTemporalRuntime(log)
  const { temporal, namespaceGuard, activities, jobs, webhookSender, activityCounter, bulkRunner } = services
  activityCounter.start()
  // Stops after all parts that count.
  shutdown.onShutdown('activity counter', activityCounter.stop)
  const workers = runWorkers({
    target,
    activities,
    mayPoll: namespaceGuard.mayPoll,
    identity,
    cachedRuns: config.cachedRuns,
    graceMs: SEND_GRACE_MS,
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
    isReady: async () => workers.isPolling() && (await temporal.isUp()),
    versionProblem: version && createWorkerVersionReadiness(temporal.client, version),
    sdkMetrics: sdk.metrics,
  })
  const server = await listen(app, config.workerPort, config.host)
  shutdown.onShutdown('HTTP server', server.close)
  shutdown.onShutdown('workers', workers.stop, WORKERS_STOP_MS)
  jobs.start()
  shutdown.onShutdown('periodic jobs', jobs.stop)
  webhookSender.start()
  shutdown.onShutdown('webhook sender', () => webhookSender.stop())
  bulkRunner.start()
  shutdown.onShutdown('bulk jobs', () => bulkRunner.stop())
  await workers.polling
  log.info({ health: `${server.url}/readyz`, ...version }, 'working')
})
