import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { cacheFolder, findEngine } from '../engine/local/find.ts'
import { assertPortFree } from '../engine/local/ports.ts'
import { type LocalEngine, startLocalEngine } from '../engine/local/start.ts'
import type { Log } from '../log.ts'

const OLD_ENGINE_MS = 10_000
const RESTART_MS = 1_000

/**
 * Starts the local engine and keeps it running until `stop`. An engine of an earlier process that was killed is given
 * the time to end.
 * @throws PortTakenError, NoEngineError
 */
export async function keepLocalEngine(
  config: Config,
  say: (line: string) => void,
  log: Log,
): Promise<{ address: string; uiUrl: string | null; stop(): Promise<void> }> {
  const engine = await findEngine({ cacheDir: cacheFolder(config), say })
  const { localPort, localUiPort, namespace } = config.temporal
  const pidFile = join(resolve(config.dataDir), 'engine-owner')
  await oldEngineEnds(pidFile, localPort)
  let stopping = false
  let running = await start(localPort, localUiPort)
  writeFileSync(pidFile, String(process.pid))

  async function start(port: number, uiPort: number): Promise<LocalEngine> {
    const started = await startLocalEngine({ engine, dataDir: config.dataDir, port, uiPort, namespace })
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

/** After a kill the supervisor needs a moment to end the engine; only then is its port free. */
async function oldEngineEnds(pidFile: string, port: number): Promise<void> {
  let owner = ''
  try {
    owner = readFileSync(pidFile, 'utf8')
  } catch {
    return
  }
  if (!owner) return
  const until = Date.now() + OLD_ENGINE_MS
  while (Date.now() < until) {
    try {
      await assertPortFree(port, '127.0.0.1', 'TEMPORAL_PORT')
      return
    } catch {
      await new Promise((done) => setTimeout(done, 200))
    }
  }
}
