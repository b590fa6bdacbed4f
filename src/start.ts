import { startConfigReload } from './bootstrap/config-reload.ts'
import { getOrCreateSecret, lockDataDir } from './bootstrap/data-dir.ts'
import { DEMO_APP_ID, prepareDemo, suspendDemoAccounts } from './bootstrap/demo/demo-account.ts'
import { demoPlatform, prepareDemoPlatform } from './bootstrap/demo/demo-platform.ts'
import { suspendDemoShops } from './bootstrap/demo/demo-shops.ts'
import { createTestClock } from './bootstrap/demo/test-clock.ts'
import { verifyEncryptionKeys } from './bootstrap/encryption/verify-encryption-keys.ts'
import { createHttpApp } from './bootstrap/http/http-app.ts'
import { listen, localUrl } from './bootstrap/http/server.ts'
import { superviseLocalTemporal, waitForTemporalPorts } from './bootstrap/local-temporal.ts'
import { makePrivate } from './bootstrap/private-files.ts'
import { createServices } from './bootstrap/services.ts'
import { createShutdown, main } from './bootstrap/shutdown.ts'
import { type Config, loadConfig } from './config/config.ts'
import type { Links } from './console/layout.tsx'
import { createLog } from './shared/log.ts'
import { createSimulator } from './simulator/index.ts'
import { openStore } from './store/db.ts'
import { connectTemporal, type TemporalTarget, temporalTargetFromEnv } from './temporal/connection.ts'
import { choosePort, freePort } from './temporal/local-server/ports.ts'
import { waitUntilReady } from './temporal/readiness.ts'
import { installTemporalRuntime } from './temporal/sdk-runtime.ts'
import { runWorkers } from './temporal/workers.ts'
import { bundleWorkflows } from './temporal/workflow-bundle/workflow-bundle.ts'
import { openTracing } from './tracing/open-tracing.ts'

/** What running sends get when the program stops. */
const GRACE_PERIOD_MS = 6_000
/** It has no sign-in. */
const SIMULATOR_HOST = '127.0.0.1'

/**
 * `npm start`: engine, worker, callback server, console and simulator in one process, for one machine. The callback
 * server is there first: while the engine is away, events wait in the inbox.
 */
await main(async () => {
  const config = loadConfig()
  const log = createLog(config.logLevel)
  const print = (line: string) => process.stderr.write(`${line}\n`)
  const shutdown = createShutdown(log)
  shutdown.handleSignals()
  const tracing = await openTracing(config.traces, log)
  // Undone last: what the others do at their end is told too.
  shutdown.onShutdown('traces', tracing.stop)

  shutdown.onShutdown('data folder', lockDataDir(config.dataDir))
  for (const warning of makePrivate(config.dataDir)) log.warn(warning)
  // Chosen before the product is made: a platform must know where it will be reached.
  const port = await choosePort(config.port, config.host, 'PORT')
  const simulatorPort = config.simulator
    ? await choosePort(config.simulatorPort, SIMULATOR_HOST, 'SIMULATOR_PORT')
    : null
  const local = !config.temporal.address && !config.temporal.profile
  if (local) await waitForTemporalPorts(config)
  const bundle = bundleWorkflows()
  const sdk = await installTemporalRuntime(log)
  const store = await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir })
  shutdown.onShutdown('store', store.close)
  if (store.kind === 'pglite') {
    makePrivate(config.dataDir)
    print(
      'store: embedded, in DATA_DIR. It survives the end of this process, not a power cut; DATABASE_URL names a PostgreSQL.',
    )
  }
  const adminToken = config.adminToken ?? getOrCreateSecret(config.dataDir, 'admin-token')
  const encryptionKey = config.encryptionKey ?? getOrCreateSecret(config.dataDir, 'encryption-key')
  const dataConverter = await verifyEncryptionKeys({ config, db: store.db, encryptionKey, log })
  const target = await targetOf(config, local)
  const link = connectTemporal(target, `n${process.pid}`, dataConverter, tracing)
  shutdown.onShutdown('engine link', link.close)
  const demo =
    simulatorPort === null || config.platform
      ? null
      : demoPlatform({
          simulatorUrl: localUrl(SIMULATOR_HOST, simulatorPort),
          publicUrl: localUrl(config.host, port),
        })
  const platform = config.platform ?? demo
  const services = createServices({
    config: { ...config, platform },
    db: store.db,
    embedded: store.kind === 'pglite',
    simulator: simulatorPort !== null,
    link,
    encryptionKey,
    log,
    tracing,
  })
  if (simulatorPort === null) await suspendDemoAccounts(services)
  else if (!demo) await suspendDemoShops(services)
  await services.changed()

  const links: Links = {
    simulatorUrl: null,
    temporalUiUrl: config.temporal.uiUrl ?? null,
    namespace: target.namespace,
    authoriseUrl: services.platform ? '/wechat/component/authorize' : null,
  }
  const web = await listen(
    createHttpApp(services, {
      adminToken,
      links: () => links,
      sdkMetrics: sdk.metrics,
      dataDir: config.dataDir,
      publicUrl: config.publicUrl,
      trustedProxies: config.trustedProxies,
      requireSecondFactor: config.requireSecondFactor,
    }),
    port,
    config.host,
    { extraListeners: true },
  )
  shutdown.onShutdown('web', web.close)
  if (simulatorPort !== null) {
    const simulator = createSimulator({
      consoleUrl: web.url,
      ...(demo ? { authoriseUrl: `${web.url}/wechat/component/authorize` } : {}),
      statePath: `${config.dataDir}/simulator.json`,
      testClock: createTestClock(link.client, store.db),
    })
    const { url } = await simulator.listen(simulatorPort, SIMULATOR_HOST)
    shutdown.onShutdown('simulator', simulator.close)
    links.simulatorUrl = url
    await prepareDemo(services, simulator, { simulatorUrl: url, callbackBase: web.url })
    if (demo) await prepareDemoPlatform(services, simulator, demo)
  }

  if (local) {
    const temporalServer = await superviseLocalTemporal(
      withPort(config, target),
      print,
      log,
      `${web.url}/codec`,
    )
    shutdown.onShutdown('engine', temporalServer.stop, 6_000)
    links.temporalUiUrl ??= temporalServer.uiUrl
  }
  const workers = runWorkers({
    target,
    activities: services.activities,
    mayPoll: services.home.mayPoll,
    identity: `w${process.pid}`,
    graceMs: GRACE_PERIOD_MS,
    log,
    tracing,
    bundle,
    dataConverter,
  })
  shutdown.onShutdown('workers', workers.stop, GRACE_PERIOD_MS + 2_000)
  services.dispatcher.start()
  shutdown.onShutdown('dispatcher', services.dispatcher.stop)
  services.jobs.start()
  shutdown.onShutdown('periodic jobs', services.jobs.stop)
  const configReload = startConfigReload(services)
  shutdown.onShutdown('changes', configReload.stop)
  await workers.polling
  await waitUntilReady(link.client)

  print(
    `手机 phone      ${links.simulatorUrl ?? 'off (SIMULATOR=off)'}${links.simulatorUrl ? `/phone/${DEMO_APP_ID}` : ''}`,
  )
  if (demo) print(`授权 authorise  ${web.url}/wechat/component/authorize`)
  print(`Temporal Web UI ${links.temporalUiUrl ?? 'none'}`)
  print(`admin token     ${config.adminToken ? 'as in ADMIN_TOKEN' : adminToken}`)
  const signIn = config.adminToken ? '/' : `/signin?token=${adminToken}`
  process.stdout.write(`ready ${web.url}${signIn}\n`)
})

async function targetOf(config: Config, local: boolean): Promise<TemporalTarget> {
  if (!local) return temporalTargetFromEnv(config.temporal.env)
  const port = config.temporal.localPort === 0 ? await freePort() : config.temporal.localPort
  return { namespace: config.temporal.namespace, connection: { address: `127.0.0.1:${port}` } }
}

/** Port 0 means a free one, which the target already names. */
function withPort(config: Config, target: TemporalTarget): Config {
  const localPort = Number(target.connection.address?.split(':')[1])
  return { ...config, temporal: { ...config.temporal, localPort } }
}
