import { startConfigReload } from './bootstrap/config-reload.ts'
import { lockDataDir } from './bootstrap/data-dir.ts'
import { DEMO_APP_ID } from './bootstrap/demo/public-secrets.ts'
import { startSimulator, suspendUnservedDemo } from './bootstrap/demo/start-simulator.ts'
import { verifyEncryptionKeys } from './bootstrap/encryption/verify-encryption-keys.ts'
import { createHttpApp } from './bootstrap/http/http-app.ts'
import { listen } from './bootstrap/http/server.ts'
import {
  chooseAddresses,
  localSecrets,
  localTemporalTarget,
  openLocalStore,
  usesLocalTemporal,
} from './bootstrap/local-process.ts'
import { superviseLocalTemporal, waitForTemporalPorts } from './bootstrap/local-temporal.ts'
import { makePrivate } from './bootstrap/private-files.ts'
import { runProgram } from './bootstrap/run-program.ts'
import { createServices } from './bootstrap/services.ts'
import { createShutdown } from './bootstrap/shutdown.ts'
import { loadConfig } from './config/config.ts'
import type { Links } from './console/layout.tsx'
import { EventLoopLateness } from './shared/event-loop-lateness.ts'
import { createLog } from './shared/log.ts'
import { connectTemporal } from './temporal/connection.ts'
import { waitUntilReady } from './temporal/readiness.ts'
import { installTemporalRuntime } from './temporal/sdk-runtime.ts'
import { runWorkers, SEND_GRACE_MS, WORKERS_STOP_MS } from './temporal/workers.ts'
import { bundleWorkflows } from './temporal/workflow-bundle/workflow-bundle.ts'
import { openTracing } from './tracing/open-tracing.ts'

const AUTHORISE_PATH = '/wechat/component/authorize'
const LOCAL_TEMPORAL_STOP_MS = 6_000
const print = (line: string) => process.stderr.write(`${line}\n`)

/**
 * `npm start`: Temporal server, workers, callbacks, console and simulator for one machine. Callbacks are served first:
 * until Temporal is up, events wait in the inbox.
 */
await runProgram(async () => {
  const config = loadConfig()
  const { dataDir } = config
  const log = createLog(config.logLevel)
  const shutdown = createShutdown(log)
  shutdown.handleSignals()
  const tracing = await openTracing(config.traces, log)
  // Registered first, so that it runs last: the other hooks are traced too.
  shutdown.onShutdown('traces', tracing.stop)
  // Not a shutdown hook: a start that fails exits without them, and must not leave a lock in a folder that it refuses.
  process.once('exit', lockDataDir(dataDir))
  for (const warning of makePrivate(dataDir)) log.warn(warning)
  const addresses = await chooseAddresses(config)
  if (usesLocalTemporal(config)) await waitForTemporalPorts(config)

  const bundle = bundleWorkflows()
  const sdk = await installTemporalRuntime(log)
  const { db, kind } = await openLocalStore(config, shutdown, print)
  const { adminToken, encryptionKey } = localSecrets(config)
  const dataConverter = await verifyEncryptionKeys({ config, db, encryptionKey, log })
  const target = await localTemporalTarget(config)
  const temporal = connectTemporal(target, `n${process.pid}`, dataConverter, tracing)
  shutdown.onShutdown('Temporal connection', temporal.close)
  const services = createServices({
    config: { ...config, platform: config.platform ?? addresses.demoPlatform },
    db,
    embedded: kind === 'pglite',
    simulator: addresses.simulatorPort !== null,
    temporal,
    encryptionKey,
    log,
    tracing,
  })
  await suspendUnservedDemo(services, addresses)
  await services.reloadConfig()

  const links: Links = {
    simulatorUrl: null,
    temporalUiUrl: config.temporal.uiUrl ?? null,
    namespace: target.namespace,
    authorisationUrl: services.platform ? AUTHORISE_PATH : null,
  }
  const { publicUrl, trustedProxies, requireSecondFactor } = config
  const access = { adminToken, publicUrl, trustedProxies, requireSecondFactor }
  const lateness = new EventLoopLateness()
  const options = { ...access, links: () => links, sdkMetrics: sdk.metrics, dataDir, lateness }
  const app = createHttpApp(services, options)
  const server = await listen(app, addresses.port, config.host, { extraListeners: true })
  shutdown.onShutdown('HTTP server', server.close)
  const consoleUrl = server.url
  links.simulatorUrl = await startSimulator(services, { addresses, consoleUrl, dataDir, shutdown })

  if (usesLocalTemporal(config)) {
    const codecUrl = `${consoleUrl}/codec`
    const temporalServer = await superviseLocalTemporal({ config, target, codecUrl, print, log })
    shutdown.onShutdown('Temporal server', temporalServer.stop, LOCAL_TEMPORAL_STOP_MS)
    links.temporalUiUrl ??= temporalServer.uiUrl
  }
  const { activities, namespaceGuard, dispatcher, jobs } = services
  const identity = `w${process.pid}`
  const { mayPoll } = namespaceGuard
  const worker = { target, activities, mayPoll, identity, graceMs: SEND_GRACE_MS, log, tracing }
  const workers = runWorkers({ ...worker, bundle, dataConverter })
  shutdown.onShutdown('workers', workers.stop, WORKERS_STOP_MS)
  dispatcher.start()
  shutdown.onShutdown('dispatcher', dispatcher.stop)
  jobs.start()
  shutdown.onShutdown('periodic jobs', jobs.stop)
  const configReload = startConfigReload(services)
  shutdown.onShutdown('configuration reload', configReload.stop)
  await workers.polling
  await waitUntilReady(temporal.client)
  printAddresses({
    links,
    consoleUrl,
    adminToken,
    isGeneratedToken: !config.adminToken,
    demo: addresses.demoPlatform,
  })
})

/** Prints all addresses. The last line, on standard output, means that a follow would be served now. */
function printAddresses(at: {
  links: Links
  consoleUrl: string
  adminToken: string
  /** Generated by this program. The URL then signs in the person who started it. */
  isGeneratedToken: boolean
  demo: object | null
}): void {
  const { links, consoleUrl, adminToken, isGeneratedToken } = at
  const phone = links.simulatorUrl ? `${links.simulatorUrl}/phone/${DEMO_APP_ID}` : 'off (SIMULATOR=off)'
  print(`手机 phone      ${phone}`)
  if (at.demo) print(`授权 authorise  ${consoleUrl}${AUTHORISE_PATH}`)
  print(`Temporal Web UI ${links.temporalUiUrl ?? 'none'}`)
  print(`admin token     ${isGeneratedToken ? adminToken : 'as in ADMIN_TOKEN'}`)
  const signIn = isGeneratedToken ? `/signin?token=${adminToken}` : '/'
  process.stdout.write(`ready ${consoleUrl}${signIn}\n`)
}
