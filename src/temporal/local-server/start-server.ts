import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ServerProgram } from './find-server.ts'
import { type OnDemand, serveOnDemand } from './on-demand.ts'
import { assertPortFree, freePort, isPortFree } from './ports.ts'
import { DYNAMIC_CONFIG, dynamicConfigYaml, type ServerPorts, serverYaml, uiYaml } from './server-config.ts'
import { type Supervised, supervise, untilReady } from './supervise.ts'

const READY_TIMEOUT_MS = 60_000
const INTERNAL_PORTS = 7

/** A Temporal server that this process runs. */
export interface LocalServer {
  address: string
  uiUrl: string | null
  /** Resolves when the server has exited for any reason. */
  ended: Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the Temporal server, with its data in `dataDir/temporal`, and waits until a run could be started.
 * @throws PortInUseError, NotStartedError
 */
export async function startLocalServer(options: {
  program: ServerProgram
  dataDir: string
  port: number
  uiPort: number
  namespace: string
  /** Replaces values of the dynamic configuration; for a built server only. */
  settings?: Record<string, unknown>
  /** The codec endpoint that the Web UI decodes payloads with. */
  codecUrl?: string
  /** Stops a server that is not ready yet. */
  signal?: AbortSignal
}): Promise<LocalServer> {
  const { program, port, uiPort, namespace, settings = {}, codecUrl, signal } = options
  await assertPortFree(port, '127.0.0.1', 'TEMPORAL_PORT')
  await assertPortFree(uiPort, '127.0.0.1', 'TEMPORAL_UI_PORT')
  const folder = resolve(options.dataDir, 'temporal')
  mkdirSync(folder, { recursive: true })
  const frontend = port === 0 ? await freePort() : port
  const ui = uiPort === 0 ? await freePort() : uiPort
  const address = `127.0.0.1:${frontend}`
  const server =
    program.kind === 'cli'
      ? startCli(program.program, folder, frontend, ui, namespace, codecUrl)
      : await startServer(program.program, folder, frontend, settings)
  let webUi: OnDemand | null = null
  const stopAll = async () => {
    await Promise.all([webUi?.close(), server.stop()])
  }
  const stop = () => void stopAll()
  signal?.addEventListener('abort', stop)
  try {
    signal?.throwIfAborted()
    // The `temporal` CLI runs server and Web UI in one process.
    if (program.kind === 'server' && program.ui !== null)
      webUi = await serveUi(program.ui, { folder, port: ui, address, codecUrl })
    await untilReady('the Temporal server', server, async () => {
      // Temporal’s client is large, and can be loaded while the server starts.
      const { prepareNamespace } = await import('./prepare-namespace.ts')
      await prepareNamespace(address, namespace, READY_TIMEOUT_MS)
    })
  } catch (err) {
    await stopAll()
    throw err
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  const hasUi = program.kind === 'cli' || webUi !== null
  const uiUrl = hasUi ? `http://127.0.0.1:${ui}` : null
  return { address, uiUrl, ended: server.ended.then(() => {}), stop: stopAll }
}

/** Serves the Web UI, as a process that starts with the first connection: it needs 22 MB, more once it was used. */
function serveUi(
  program: string,
  at: { folder: string; port: number; address: string; codecUrl: string | undefined },
): Promise<OnDemand> {
  const { folder, port, address, codecUrl } = at
  const configs = join(folder, 'config')
  return serveOnDemand({
    name: 'the Temporal Web UI',
    port,
    variable: 'TEMPORAL_UI_PORT',
    start(internalPort) {
      mkdirSync(configs, { recursive: true })
      writeFileSync(
        join(configs, 'ui.yaml'),
        uiYaml({ port: internalPort, publicPort: port, address, codecUrl }),
      )
      const args = ['--root', folder, '--config', 'config', '--env', 'ui', 'start']
      return supervise(program, args, { logFile: join(folder, 'ui.log') })
    },
  })
}

async function startServer(
  program: string,
  folder: string,
  frontend: number,
  settings: Record<string, unknown>,
): Promise<Supervised> {
  const configs = join(folder, 'config')
  mkdirSync(configs, { recursive: true })
  const dynamic = join(configs, 'dynamic.yaml')
  const ports = await internalPorts(join(configs, 'ports.json'), frontend)
  writeFileSync(dynamic, dynamicConfigYaml(settings))
  writeFileSync(join(configs, 'local.yaml'), serverYaml(join(folder, 'temporal.db'), ports, dynamic))
  const args = ['--root', folder, '--config', 'config', '--env', 'local', '--allow-no-auth', 'start']
  return supervise(program, args, { logFile: join(folder, 'server.log') })
}

/**
 * Free ports for the other services, chosen once and then reused. With new ports the server would wait half a minute for
 * its own former addresses, as if they were hosts that are down.
 */
async function internalPorts(file: string, frontend: number): Promise<ServerPorts> {
  const saved = readPorts(file)
  if (
    saved &&
    (await Promise.all(saved.map((port) => isPortFree(port)))).every(Boolean) &&
    !saved.includes(frontend)
  ) {
    return portsOf(frontend, saved)
  }
  const chosen = await Promise.all(Array.from({ length: INTERNAL_PORTS }, () => freePort()))
  writeFileSync(file, JSON.stringify(chosen))
  return portsOf(frontend, chosen)
}

function portsOf(frontend: number, others: readonly number[]): ServerPorts {
  // Both callers pass `INTERNAL_PORTS` ports.
  return { frontend, others: others as ServerPorts['others'] }
}

function readPorts(file: string): number[] | null {
  try {
    const ports: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!Array.isArray(ports) || !ports.every(Number.isInteger)) return null
    return ports.length === INTERNAL_PORTS ? ports : null
  } catch {
    return null
  }
}

function startCli(
  program: string,
  folder: string,
  port: number,
  ui: number,
  namespace: string,
  codecUrl: string | undefined,
): Supervised {
  const args = cliArguments({ database: join(folder, 'temporal.db'), port, ui, namespace, codecUrl })
  return supervise(program, args, { logFile: join(folder, 'server.log') })
}

/** Arguments of a `temporal` CLI for the same server as `serverYaml`, `dynamicConfigYaml` and `uiYaml` describe. */
export function cliArguments(options: {
  database: string
  port: number
  ui: number
  namespace: string
  codecUrl: string | undefined
}): string[] {
  const { database, port, ui, namespace, codecUrl } = options
  const attributes = ['WechatAppId', 'NurtureCampaign', 'NurtureState'].flatMap((a) => [
    '--search-attribute',
    `${a}=Keyword`,
  ])
  const dynamic = Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${JSON.stringify(value)}`,
  ])
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(ui)]
  const dataArgs = ['--namespace', namespace, '--db-filename', database, '--log-level', 'warn']
  const codec = codecUrl ? ['--ui-codec-endpoint', codecUrl] : []
  return [...args, ...dataArgs, ...codec, ...attributes, ...dynamic]
}
