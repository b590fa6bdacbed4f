import { keptSecret, lockDataDir } from './app/data-dir.ts'
import { DEMO_APP_ID, prepareDemo, suspendDemoAccounts } from './app/demo.ts'
import { demoPlatform, prepareDemoPlatform } from './app/demo-platform.ts'
import { restDemoShops } from './app/demo-shops.ts'
import { followChanges } from './app/follow-changes.ts'
import { createLifetime, main } from './app/lifetime.ts'
import { awaitEnginePorts, keepLocalEngine } from './app/local-engine.ts'
import { makePrivate } from './app/private-files.ts'
import { createProduct } from './app/product.ts'
import { installRuntime } from './app/sdk-runtime.ts'
import { listen, localUrl } from './app/server.ts'
import { createTimeMachine } from './app/time-machine.ts'
import { unlock } from './app/unlock.ts'
import { createWeb } from './app/web.ts'
import { type Config, loadConfig } from './config.ts'
import type { Links } from './console/layout.tsx'
import { type EngineTarget, linkEngine, targetFromEnvironment } from './engine/connection.ts'
import { choosePort, freePort } from './engine/local/ports.ts'
import { awaitServing } from './engine/serving.ts'
import { runWorkers } from './engine/workers.ts'
import { bundleWorkflows } from './engine/workflow-bundle.ts'
import { createLog } from './log.ts'
import { createSimulator } from './simulator/index.ts'
import { openStore } from './store/db.ts'
import { openTracing } from './tracing/open.ts'

/** What running sends get when the program stops. */
const GRACE_MS = 6_000
/** It has no sign-in. */
const SIMULATOR_HOST = '127.0.0.1'

/**
 * `npm start`: engine, worker, callback server, console and simulator in one process, for one machine. The callback
 * server is there first: while the engine is away, events wait in the inbox.
 */
await main(async () => {
  const config = loadConfig()
  const log = createLog(config.logLevel)
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const life = createLifetime(log)
  life.onSignals()
  const tracing = await openTracing(config.traces, log)
  // Undone last: what the others do at their end is told too.
  life.onEnd('traces', tracing.stop)

  life.onEnd('data folder', lockDataDir(config.dataDir))
  for (const trouble of makePrivate(config.dataDir)) log.warn(trouble)
  // Chosen before the product is made: a platform must know where it will be reached.
  const port = await choosePort(config.port, config.host, 'PORT')
  const simulatorPort = config.simulator
    ? await choosePort(config.simulatorPort, SIMULATOR_HOST, 'SIMULATOR_PORT')
    : null
  const local = !config.temporal.address && !config.temporal.profile
  if (local) await awaitEnginePorts(config)
  const bundle = bundleWorkflows()
  const sdk = await installRuntime(log)
  const store = await openStore({ databaseUrl: config.databaseUrl, dataDir: config.dataDir })
  life.onEnd('store', store.close)
  if (store.kind === 'pglite') {
    makePrivate(config.dataDir)
    say(
      'store: embedded, in DATA_DIR. It survives the end of this process, not a power cut; DATABASE_URL names a PostgreSQL.',
    )
  }
  const adminToken = config.adminToken ?? keptSecret(config.dataDir, 'admin-token')
  const encryptionKey = config.encryptionKey ?? keptSecret(config.dataDir, 'encryption-key')
  const dataConverter = await unlock({ config, db: store.db, encryptionKey, log })
  const target = await targetOf(config, local)
  const link = linkEngine(target, `n${process.pid}`, dataConverter, tracing)
  life.onEnd('engine link', link.close)
  const demo =
    simulatorPort === null || config.platform
      ? null
      : demoPlatform({
          simulatorUrl: localUrl(SIMULATOR_HOST, simulatorPort),
          publicUrl: localUrl(config.host, port),
        })
  const platform = config.platform ?? demo
  const product = createProduct({
    config: { ...config, platform },
    db: store.db,
    embedded: store.kind === 'pglite',
    simulator: simulatorPort !== null,
    link,
    encryptionKey,
    log,
    tracing,
  })
  if (simulatorPort === null) await suspendDemoAccounts(product)
  else if (!demo) await restDemoShops(product)
  await product.changed()

  const links: Links = {
    simulatorUrl: null,
    temporalUiUrl: config.temporal.uiUrl ?? null,
    namespace: target.namespace,
    authoriseUrl: product.platform ? '/wechat/component/authorize' : null,
  }
  const web = await listen(
    createWeb(product, {
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
    { wide: true },
  )
  life.onEnd('web', web.close)
  if (simulatorPort !== null) {
    const simulator = createSimulator({
      consoleUrl: web.url,
      ...(demo ? { authoriseUrl: `${web.url}/wechat/component/authorize` } : {}),
      statePath: `${config.dataDir}/simulator.json`,
      timeMachine: createTimeMachine(link.client, store.db),
    })
    const { url } = await simulator.listen(simulatorPort, SIMULATOR_HOST)
    life.onEnd('simulator', simulator.close)
    links.simulatorUrl = url
    await prepareDemo(product, simulator, { simulatorUrl: url, callbackBase: web.url })
    if (demo) await prepareDemoPlatform(product, simulator, demo)
  }

  if (local) {
    const engine = await keepLocalEngine(withPort(config, target), say, log, `${web.url}/codec`)
    life.onEnd('engine', engine.stop, 6_000)
    links.temporalUiUrl ??= engine.uiUrl
  }
  const workers = runWorkers({
    target,
    activities: product.activities,
    mayPoll: product.home.mayPoll,
    identity: `w${process.pid}`,
    graceMs: GRACE_MS,
    log,
    tracing,
    bundle,
    dataConverter,
  })
  life.onEnd('workers', workers.stop, GRACE_MS + 2_000)
  product.dispatcher.start()
  life.onEnd('dispatcher', product.dispatcher.stop)
  product.jobs.start()
  life.onEnd('periodic jobs', product.jobs.stop)
  const follow = followChanges(product)
  life.onEnd('changes', follow.stop)
  await workers.polling
  await awaitServing(link.client)

  say(
    `手机 phone      ${links.simulatorUrl ?? 'off (SIMULATOR=off)'}${links.simulatorUrl ? `/phone/${DEMO_APP_ID}` : ''}`,
  )
  if (demo) say(`授权 authorise  ${web.url}/wechat/component/authorize`)
  say(`Temporal Web UI ${links.temporalUiUrl ?? 'none'}`)
  say(`admin token     ${config.adminToken ? 'as in ADMIN_TOKEN' : adminToken}`)
  const signIn = config.adminToken ? '/' : `/signin?token=${adminToken}`
  process.stdout.write(`ready ${web.url}${signIn}\n`)
})

async function targetOf(config: Config, local: boolean): Promise<EngineTarget> {
  if (!local) return targetFromEnvironment(config.temporal.env)
  const port = config.temporal.localPort === 0 ? await freePort() : config.temporal.localPort
  return { namespace: config.temporal.namespace, connection: { address: `127.0.0.1:${port}` } }
}

/** Port 0 means a free one, which the target already names. */
function withPort(config: Config, target: EngineTarget): Config {
  const localPort = Number(target.connection.address?.split(':')[1])
  return { ...config, temporal: { ...config.temporal, localPort } }
}
