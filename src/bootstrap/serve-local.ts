import type { Config } from '../config/config.ts'
import type { Links } from '../console/view.ts'
import { EventLoopLateness } from '../shared/event-loop-lateness.ts'
import type { Log } from '../shared/log.ts'
import { connectTemporal, type TemporalTarget } from '../temporal/connection.ts'
import { waitUntilReady } from '../temporal/readiness.ts'
import { installTemporalRuntime } from '../temporal/sdk-runtime.ts'
import { runWorkers, SEND_GRACE_MS, WORKERS_STOP_MS } from '../temporal/workers.ts'
import { bundleWorkflows } from '../temporal/workflow-bundle/workflow-bundle.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { startConfigReload } from './config-reload.ts'
import { DEMO_APP_ID } from './demo/public-secrets.ts'
import { startSimulator, suspendUnservedDemo } from './demo/start-simulator.ts'
import { verifyEncryptionKeys } from './encryption/verify-encryption-keys.ts'
import { createHttpApp } from './http/http-app.ts'
import { localUrl } from './http/local-url.ts'
import { listen } from './http/server.ts'
import { type LocalAddresses, localSecrets } from './local-process.ts'
import type { LocalTemporal } from './local-temporal.ts'
import { openLocalStore } from './open-local-store.ts'
import { createServices, type Services } from './services.ts'
import type { Shutdown } from './shutdown.ts'

const AUTHORISE_PATH = '/wechat/component/authorize'

/** What `src/start.ts` has prepared. */
export interface LocalProcess {
  config: Config
  addresses: LocalAddresses
  target: TemporalTarget
  /** The server that this process runs; null when another one is configured. */
  localTemporal: LocalTemporal | null
  shutdown: Shutdown
  tracing: Tracing
  log: Log
  print(line: string): void
}

/**
 * Serves callbacks, console and simulator, and runs the workers, until the shutdown. Callbacks are served first: until
 * Temporal is up, events wait in the inbox. Resolves once a follow would start a run at once.
 */
export async function serveLocal(local: LocalProcess): Promise<void> {
  const { config, addresses, target, localTemporal, shutdown, tracing, log, print } = local
  const { dataDir } = config
  const bundle = bundleWorkflows()
  const sdk = await installTemporalRuntime(log)
  const { db, kind } = await openLocalStore(config, shutdown, print)
  const { adminToken, encryptionKey } = localSecrets(config)
  const dataConverter = await verifyEncryptionKeys({ config, db, encryptionKey, log })
  const temporal = connectTemporal(target, `n${process.pid}`, dataConverter, tracing)
  shutdown.onShutdown('Temporal connection', temporal.close)
  const services = createServices({
    config: {
      ...config,
      platform: config.platform ?? addresses.demoPlatform,
      publicUrl: config.publicUrl ?? localUrl(config.host, addresses.port),
    },
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
  services.activityCounter.start()
  // Stops after all parts that count.
  shutdown.onShutdown('activity counter', services.activityCounter.stop)

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

  if (localTemporal) links.temporalUiUrl ??= (await localTemporal.started).uiUrl
  const { mayPoll } = services.namespaceGuard
  const workers = runWorkers({
    target,
    activities: services.activities,
    mayPoll,
    identity: `w${process.pid}`,
    cachedRuns: config.cachedRuns,
    graceMs: SEND_GRACE_MS,
    log,
    tracing,
    bundle,
    dataConverter,
  })
  shutdown.onShutdown('workers', workers.stop, WORKERS_STOP_MS)
  startBackgroundWork(services, shutdown)
  await workers.polling
  await waitUntilReady(temporal.client)
  printAddresses({
    links,
    consoleUrl,
    adminToken,
    isGeneratedToken: !config.adminToken,
    demo: addresses.demoPlatform,
    print,
  })
}

function startBackgroundWork(services: Services, shutdown: Shutdown): void {
  const { dispatcher, jobs, webhookSender, bulkRunner } = services
  dispatcher.start()
  shutdown.onShutdown('dispatcher', dispatcher.stop)
  jobs.start()
  shutdown.onShutdown('periodic jobs', jobs.stop)
  webhookSender.start()
  shutdown.onShutdown('webhook sender', () => webhookSender.stop())
  bulkRunner.start()
  shutdown.onShutdown('bulk jobs', () => bulkRunner.stop())
  const configReload = startConfigReload(services)
  shutdown.onShutdown('configuration reload', configReload.stop)
}

/** Prints all addresses. The last line, on standard output, means that a follow would be served now. */
function printAddresses(at: {
  links: Links
  consoleUrl: string
  adminToken: string
  /** Generated by this program. The URL then signs in the person who started it. */
  isGeneratedToken: boolean
  demo: object | null
  print(line: string): void
}): void {
  const { links, consoleUrl, adminToken, isGeneratedToken, print } = at
  const phone = links.simulatorUrl ? `${links.simulatorUrl}/phone/${DEMO_APP_ID}` : 'off (SIMULATOR=off)'
  print(`手机 phone      ${phone}`)
  if (at.demo) print(`授权 authorise  ${consoleUrl}${AUTHORISE_PATH}`)
  print(`Temporal Web UI ${links.temporalUiUrl ?? 'none'}`)
  print(`admin token     ${isGeneratedToken ? adminToken : 'as in ADMIN_TOKEN'}`)
  const signIn = isGeneratedToken ? `/signin?token=${adminToken}` : '/'
  process.stdout.write(`ready ${consoleUrl}${signIn}\n`)
}
