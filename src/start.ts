import { lockDataDir } from './bootstrap/data-dir.ts'
import { localUrl } from './bootstrap/http/local-url.ts'
import { chooseAddresses, localTemporalTarget, usesLocalTemporal } from './bootstrap/local-process.ts'
import { superviseLocalTemporal, waitForTemporalPorts } from './bootstrap/local-temporal.ts'
import { makePrivate } from './bootstrap/private-files.ts'
import { runProgram } from './bootstrap/run-program.ts'
import { createShutdown } from './bootstrap/shutdown.ts'
import { loadConfig } from './config/config.ts'
import { createLog } from './shared/log.ts'
import { openTracing } from './tracing/open-tracing.ts'

const LOCAL_TEMPORAL_STOP_MS = 6_000
const print = (line: string) => process.stderr.write(`${line}\n`)

/**
 * `npm start`: Temporal server, workers, callbacks, console and simulator for one machine. The server starts first, with the
 * few modules that it needs. The others are loaded meanwhile.
 */
await runProgram(async ({ onFailure }) => {
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

  const target = await localTemporalTarget(config)
  const codecUrl = `${localUrl(config.host, addresses.port)}/codec`
  const localTemporal = usesLocalTemporal(config)
    ? superviseLocalTemporal({ config, target, codecUrl, print, log })
    : null
  if (localTemporal) {
    shutdown.onShutdown('Temporal server', localTemporal.stop, LOCAL_TEMPORAL_STOP_MS)
    // Else the server would still write into the data folder after this process has refused it.
    onFailure(async () => {
      print('stopping the local Temporal server…')
      await localTemporal.stop()
    })
  }
  const { serveLocal } = await import('./bootstrap/serve-local.ts')
  const local = { config, addresses, target, localTemporal, shutdown, tracing, log, print }
  await serveLocal(local).catch((err: unknown) => {
    // The shutdown ends the process.
    if (!shutdown.isRunning()) throw err
  })
})
