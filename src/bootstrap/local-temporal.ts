import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Log } from '../shared/log.ts'
import type { TemporalTarget } from '../temporal/connection.ts'
import { cacheFolder, findTemporalServer } from '../temporal/local-server/find-server.ts'
import { assertPortFree } from '../temporal/local-server/ports.ts'
import { type LocalServer, startLocalServer } from '../temporal/local-server/start-server.ts'

const PREVIOUS_SERVER_EXIT_MS = 10_000
const PORT_POLL_MS = 100
const RESTART_DELAY_MS = 1_000

/**
 * Checks, before anything else starts, that the ports of the local Temporal server are free. The server of a killed process
 * gets time to exit.
 * @throws PortInUseError
 */
export async function waitForTemporalPorts(config: Config): Promise<void> {
  const { localPort, localUiPort } = config.temporal
  if (existsSync(ownerFile(config))) await waitForPreviousServer([localPort, localUiPort])
  await assertPortFree(localPort, '127.0.0.1', 'TEMPORAL_PORT')
  await assertPortFree(localUiPort, '127.0.0.1', 'TEMPORAL_UI_PORT')
}

/** The local Temporal server of this process. */
export interface LocalTemporal {
  /**
   * Resolves once a run could be started.
   * @throws PortInUseError, NoTemporalServerError, NotStartedError
   */
  started: Promise<{ uiUrl: string | null }>
  /** Stops the server, also one that is still starting. */
  stop(): Promise<void>
}

/**
 * Starts the local Temporal server and restarts it whenever it ends, until `stop`. Returns at once, so that the rest of the
 * process can start meanwhile: the server needs about as long as everything else together.
 */
export function superviseLocalTemporal(options: {
  config: Config
  /** Has the port that clients already use. */
  target: TemporalTarget
  codecUrl: string
  print(line: string): void
  log: Log
}): LocalTemporal {
  const abort = new AbortController()
  const running = startSupervised(options, abort.signal)
  // The caller may not have reached `await started` when it fails.
  running.catch(() => {})
  return {
    started: running,
    async stop() {
      abort.abort()
      await running.then(
        (server) => server.stop(),
        () => {},
      )
    },
  }
}

async function startSupervised(
  { config, target, codecUrl, print, log }: Parameters<typeof superviseLocalTemporal>[0],
  signal: AbortSignal,
): Promise<{ uiUrl: string | null; stop(): Promise<void> }> {
  const program = await findTemporalServer({ cacheDir: cacheFolder(config), print, signal })
  const port = Number(target.connection.address?.split(':')[1])
  const { namespace, localUiPort } = config.temporal
  const server = { program, dataDir: config.dataDir, port, namespace, codecUrl }

  const first = await startLocalServer({ ...server, uiPort: localUiPort, signal })
  writeFileSync(ownerFile(config), String(process.pid))
  // Links in the console have this port, so a restarted server gets the same.
  const uiPort = first.uiUrl ? Number(new URL(first.uiUrl).port) : 0
  const supervised = keepRunning(first, () => startLocalServer({ ...server, uiPort }), log)
  const { shardCalls, watchShard } = await import('../temporal/local-server/shard-watch.ts')
  const calls = shardCalls(first.address, namespace)
  const watch = watchShard(calls, log)
  return {
    uiUrl: first.uiUrl,
    async stop() {
      await Promise.all([watch.stop().then(calls.disconnect), supervised.stop()])
    },
  }
}

/** Restarts a server whenever it ends before `stop`, with a delay after each failure. */
function keepRunning(
  first: LocalServer,
  start: () => Promise<LocalServer>,
  log: Log,
): { stop(): Promise<void> } {
  let running = first
  let stopping = false
  const restartWhenEnded = async () => {
    await running.ended
    while (!stopping) {
      log.error('the local Temporal server has exited; restarting it')
      try {
        await running.stop()
        running = await start()
        await running.ended
      } catch (err) {
        log.error({ err }, 'the local Temporal server could not be started; retrying')
        await sleep(RESTART_DELAY_MS)
      }
    }
  }
  void restartWhenEnded()
  return {
    async stop() {
      stopping = true
      await running.stop()
    },
  }
}

/** The file exists once a Temporal server was started in this data folder. */
function ownerFile(config: Config): string {
  return join(resolve(config.dataDir), 'temporal-owner')
}

/** After a kill, the supervisor needs a moment to stop the server and free its ports. */
async function waitForPreviousServer(ports: readonly number[]): Promise<void> {
  const deadline = Date.now() + PREVIOUS_SERVER_EXIT_MS
  while (Date.now() < deadline) {
    try {
      for (const port of ports) await assertPortFree(port, '127.0.0.1', '')
      return
    } catch {
      await sleep(PORT_POLL_MS)
    }
  }
}
