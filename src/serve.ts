import { suspendDemoAccounts } from './app/demo.ts'
import { followChanges } from './app/follow-changes.ts'
import { createLifetime, main } from './app/lifetime.ts'
import { openPatiently } from './app/open-patiently.ts'
import { createProduct } from './app/product.ts'
import { listen } from './app/server.ts'
import { unlock } from './app/unlock.ts'
import { createWeb } from './app/web.ts'
import { loadConfig, requireProduction } from './config.ts'
import { linkEngine, targetFromEnvironment } from './engine/connection.ts'
import { assertPortFree } from './engine/local/ports.ts'
import { createLog } from './log.ts'
import { openTracing } from './tracing/open.ts'

/** `npm run serve`: callbacks, operator API, console and dispatcher, against a cluster and a PostgreSQL of their own. */
await main(async () => {
  const config = loadConfig()
  const { databaseUrl, adminToken, encryptionKey } = requireProduction(config)
  const log = createLog(config.logLevel)
  const life = createLifetime(log)
  life.onSignals()
  const tracing = await openTracing(config.traces, log)
  // Undone last: what the others do at their end is told too.
  life.onEnd('traces', tracing.stop)
  await assertPortFree(config.port, config.host, 'PORT')

  const store = await openPatiently(databaseUrl, log)
  life.onEnd('store', store.close)
  const dataConverter = await unlock({ config, db: store.db, encryptionKey, log })
  const target = targetFromEnvironment(config.temporal.env)
  const link = linkEngine(target, `s${process.pid}`, dataConverter, tracing)
  life.onEnd('engine link', link.close)
  const product = createProduct({ config, db: store.db, link, encryptionKey, log, tracing })
  await suspendDemoAccounts(product)
  await product.changed()
  const follow = followChanges(product)
  life.onEnd('changes', follow.stop)
  const links = {
    simulatorUrl: null,
    temporalUiUrl: config.temporal.uiUrl ?? null,
    namespace: target.namespace,
    authoriseUrl: product.platform ? '/wechat/component/authorize' : null,
  }
  const { dataDir, publicUrl, trustedProxies, requireSecondFactor } = config
  const options = { adminToken, links: () => links, dataDir, publicUrl, trustedProxies, requireSecondFactor }
  const app = createWeb(product, options)
  const web = await listen(app, config.port, config.host, { wide: true })
  life.onEnd('web', web.close)
  product.dispatcher.start()
  life.onEnd('dispatcher', product.dispatcher.stop)
  log.info({ url: web.url }, 'serving')
})
