import { startConfigReload } from './bootstrap/config-reload.ts'
import { suspendDemoAccounts } from './bootstrap/demo/demo-account.ts'
import { verifyEncryptionKeys } from './bootstrap/encryption/verify-encryption-keys.ts'
import { createHttpApp } from './bootstrap/http/http-app.ts'
import { listen } from './bootstrap/http/server.ts'
import { openStoreWithRetry } from './bootstrap/open-store-with-retry.ts'
import { createServices } from './bootstrap/services.ts'
import { createShutdown, main } from './bootstrap/shutdown.ts'
import { loadConfig, requireProduction } from './config/config.ts'
import { createLog } from './shared/log.ts'
import { connectTemporal, temporalTargetFromEnv } from './temporal/connection.ts'
import { assertPortFree } from './temporal/local-server/ports.ts'
import { openTracing } from './tracing/open-tracing.ts'

/** `npm run serve`: callbacks, operator API, console and dispatcher, against a cluster and a PostgreSQL of their own. */
await main(async () => {
  const config = loadConfig()
  const { databaseUrl, adminToken, encryptionKey } = requireProduction(config)
  const log = createLog(config.logLevel)
  const shutdown = createShutdown(log)
  shutdown.handleSignals()
  const tracing = await openTracing(config.traces, log)
  // Undone last: what the others do at their end is told too.
  shutdown.onShutdown('traces', tracing.stop)
  await assertPortFree(config.port, config.host, 'PORT')

  const store = await openStoreWithRetry(databaseUrl, log)
  shutdown.onShutdown('store', store.close)
  const dataConverter = await verifyEncryptionKeys({ config, db: store.db, encryptionKey, log })
  const target = temporalTargetFromEnv(config.temporal.env)
  const link = connectTemporal(target, `s${process.pid}`, dataConverter, tracing)
  shutdown.onShutdown('engine link', link.close)
  const services = createServices({ config, db: store.db, link, encryptionKey, log, tracing })
  await suspendDemoAccounts(services)
  await services.changed()
  const configReload = startConfigReload(services)
  shutdown.onShutdown('changes', configReload.stop)
  const links = {
    simulatorUrl: null,
    temporalUiUrl: config.temporal.uiUrl ?? null,
    namespace: target.namespace,
    authoriseUrl: services.platform ? '/wechat/component/authorize' : null,
  }
  const { dataDir, publicUrl, trustedProxies, requireSecondFactor } = config
  const options = { adminToken, links: () => links, dataDir, publicUrl, trustedProxies, requireSecondFactor }
  const app = createHttpApp(services, options)
  const web = await listen(app, config.port, config.host, { extraListeners: true })
  shutdown.onShutdown('web', web.close)
  services.dispatcher.start()
  shutdown.onShutdown('dispatcher', services.dispatcher.stop)
  log.info({ url: web.url }, 'serving')
})
