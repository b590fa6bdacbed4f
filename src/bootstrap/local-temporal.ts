import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import { cacheFolder, findTemporalServer } from '../temporal/local-server/find-server.ts'
import { assertPortFree } from '../temporal/local-server/ports.ts'
import { type LocalServer, startLocalServer } from '../temporal/local-server/start-server.ts'

const PREVIOUS_SERVER_EXIT_MS = 10_000
const RESTART_DELAY_MS = 1_000

/**
 * Makes sure, before anything else is begun, that the engine will find its ports. An engine of an earlier process that was
 * killed is given the time to end.
 * @throws PortInUseError
 */
export async function waitForTemporalPorts(config: Config): Promise<void> {
  const { localPort, localUiPort } = config.temporal
  if (existsSync(ownerFile(config))) await waitForPreviousServer([localPort, localUiPort])
  await assertPortFree(localPort, '127.0.0.1', 'TEMPORAL_PORT')
  await assertPortFree(localUiPort, '127.0.0.1', 'TEMPORAL_UI_PORT')
}

/**
 * Starts the local engine and keeps it running until `stop`.
 * @throws PortInUseError, NoTemporalServerError
 */
export async function superviseLocalTemporal(
  config: Config,
  print: (line: string) => void,
  log: Log,
  codecUrl?: string,
): Promise<{ address: string; uiUrl: string | null; stop(): Promise<void> }> {
  const engine = await findTemporalServer({ cacheDir: cacheFolder(config), print })
  const { localPort, localUiPort, namespace } = config.temporal
  let stopping = false
  let running = await start(localPort, localUiPort)
  writeFileSync(ownerFile(config), String(process.pid))

  async function start(port: number, uiPort: number): Promise<LocalServer> {
    const { dataDir } = config
    const options = { engine, dataDir, port, uiPort, namespace }
    const started = await startLocalServer({ ...options, ...(codecUrl ? { codecUrl } : {}) })
    void started.ended.then(() => restart(started))
    return started
  }

  async function restart(ended: LocalServer): Promise<void> {
    const port = Number(ended.address.split(':')[1])
    const uiPort = ended.uiUrl ? Number(new URL(ended.uiUrl).port) : 0
    while (!stopping) {
      log.error('engine: the Temporal server ended; starting it again')
      try {
        await ended.stop()
        running = await start(port, uiPort)
        return
      } catch (err) {
        log.error({ err }, 'engine: it does not start')
        await new Promise((done) => setTimeout(done, RESTART_DELAY_MS))
      }
    }
  }

  return {
    address: running.address,
    uiUrl: running.uiUrl,
    async stop() {
      stopping = true
      await running.stop()
    },
  }
}

/** There once an engine was started in this data folder. */
function ownerFile(config: Config): string {
  return join(resolve(config.dataDir), 'engine-owner')
}

/** After a kill the supervisor needs a moment to end the engine; only then are its ports free. */
async function waitForPreviousServer(ports: readonly number[]): Promise<void> {
  const until = Date.now() + PREVIOUS_SERVER_EXIT_MS
  while (Date.now() < until) {
    try {
      for (const port of ports) await assertPortFree(port, '127.0.0.1', '')
      return
    } catch {
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}
