import { startConfigReload } from './bootstrap/config-reload.ts'
import { createHttpApp } from './bootstrap/http/http-app.ts'
import { listen } from './bootstrap/http/server.ts'
import { openProduction } from './bootstrap/production.ts'
import { runProgram } from './bootstrap/run-program.ts'
import { loadConfig } from './config/config.ts'
import type { Links } from './console/view.ts'
import { EventLoopLateness } from './shared/event-loop-lateness.ts'

/** `npm run serve`: callbacks, operator API, console and dispatcher, against a Temporal cluster and PostgreSQL. */
await runProgram(async () => {
  const config = loadConfig()
  const { adminToken, log, shutdown, target, services } = await openProduction(config, {
    identity: `s${process.pid}`,
    port: config.port,
    portVariable: 'PORT',
  })
  await services.reloadConfig()
  services.activityCounter.start()
  // Stops after all parts that count.
  shutdown.onShutdown('activity counter', services.activityCounter.stop)
  const configReload = startConfigReload(services)
  shutdown.onShutdown('configuration reload', configReload.stop)
  const links: Links = {
    simulatorUrl: null,
    temporalUiUrl: config.temporal.uiUrl ?? null,
    namespace: target.namespace,
    authorisationUrl: services.platform ? '/wechat/component/authorize' : null,
  }
  const { dataDir, publicUrl, trustedProxies, requireSecondFactor } = config
  const access = { adminToken, publicUrl, trustedProxies, requireSecondFactor }
  const lateness = new EventLoopLateness()
  const app = createHttpApp(services, { ...access, links: () => links, dataDir, lateness })
  const server = await listen(app, config.port, config.host, { extraListeners: true })
  shutdown.onShutdown('HTTP server', server.close)
  services.dispatcher.start()
  shutdown.onShutdown('dispatcher', services.dispatcher.stop)
  log.info({ url: server.url }, 'serving')
})
