import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { cacheFolder, findEngine } from '../engine/local/find.ts'
import { assertPortFree } from '../engine/local/ports.ts'
import { type LocalEngine, startLocalEngine } from '../engine/local/start.ts'
import type { Log } from '../log.ts'

const OLD_ENGINE_MS = 10_000
const RESTART_MS = 1_000

/**
 * Makes sure, before anything else is begun, that the engine will find its ports. An engine of an earlier process that was
 * killed is given the time to end.
 * @throws PortTakenError
 */
export async function awaitEnginePorts(config: Config): Promise<void> {
  const { localPort, localUiPort } = config.temporal
  if (existsSync(ownerFile(config))) await oldEngineEnds([localPort, localUiPort])
  await assertPortFree(localPort, '127.0.0.1', 'TEMPORAL_PORT')
  await assertPortFree(localUiPort, '127.0.0.1', 'TEMPORAL_UI_PORT')
}

/**
 * Starts the local engine and keeps it running until `stop`.
 * @throws PortTakenError, NoEngineError
 */
export async function keepLocalEngine(
  config: Config,
  say: (line: string) => void,
  log: Log,
  codecUrl?: string,
): Promise<{ address: string; uiUrl: string | null; stop(): Promise<void> }> {
  const engine = await findEngine({ cacheDir: cacheFolder(config), say })
  const { localPort, localUiPort, namespace } = config.temporal
  let stopping = false
  let running = await start(localPort, localUiPort)
  writeFileSync(ownerFile(config), String(process.pid))

  async function start(port: number, uiPort: number): Promise<LocalEngine> {
    const { dataDir } = config
    const options = { engine, dataDir, port, uiPort, namespace }
    const started = await startLocalEngine({ ...options, ...(codecUrl ? { codecUrl } : {}) })
    void started.ended.then(() => restart(started))
    return started
  }

  async function restart(ended: LocalEngine): Promise<void> {
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
        await new Promise((done) => setTimeout(done, RESTART_MS))
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
async function oldEngineEnds(ports: readonly number[]): Promise<void> {
  const until = Date.now() + OLD_ENGINE_MS
  while (Date.now() < until) {
    try {
      for (const port of ports) await assertPortFree(port, '127.0.0.1', '')
      return
    } catch {
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}
