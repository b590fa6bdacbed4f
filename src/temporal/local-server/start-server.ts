import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ServerProgram } from './find-server.ts'
import { assertPortFree, freePort, isPortFree } from './ports.ts'
import { prepareNamespace } from './prepare-namespace.ts'
import { DYNAMIC_CONFIG, dynamicConfigYaml, type ServerPorts, serverYaml, uiYaml } from './server-config.ts'
import { type Supervised, supervise, untilReady } from './supervise.ts'

const READY_TIMEOUT_MS = 60_000
const INTERNAL_PORTS = 7

/** A Temporal server of this program's own. */
export interface LocalServer {
  address: string
  uiUrl: string | null
  /** Resolves when the server has ended, for whatever cause. */
  ended: Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the engine with its data in `dataDir/engine`, and waits until a run could be started.
 * @throws PortInUseError naming the port and its variable
 */
export async function startLocalServer(options: {
  program: ServerProgram
  dataDir: string
  port: number
  uiPort: number
  namespace: string
  /** Dynamic configuration in place of our own values; of a built server only. */
  settings?: Record<string, unknown>
  /** Where the Web UI has payloads decoded. */
  codecUrl?: string
}): Promise<LocalServer> {
  const { program: engine, port, uiPort, namespace, settings = {}, codecUrl } = options
  await assertPortFree(port, '127.0.0.1', 'TEMPORAL_PORT')
  await assertPortFree(uiPort, '127.0.0.1', 'TEMPORAL_UI_PORT')
  const folder = resolve(options.dataDir, 'engine')
  mkdirSync(folder, { recursive: true })
  const frontend = port === 0 ? await freePort() : port
  const ui = uiPort === 0 ? await freePort() : uiPort
  const address = `127.0.0.1:${frontend}`
  const server =
    engine.kind === 'cli'
      ? startCli(engine.program, folder, frontend, ui, namespace, codecUrl)
      : await startServer(engine, folder, frontend, ui, settings, codecUrl)
  try {
    const prepared = () => prepareNamespace(address, namespace, READY_TIMEOUT_MS)
    await untilReady('the Temporal server', server, prepared)
  } catch (err) {
    await server.stop()
    throw err
  }
  const hasUi = engine.kind === 'cli' || engine.ui !== null
  const uiUrl = hasUi ? `http://127.0.0.1:${ui}` : null
  return { address, uiUrl, ended: server.ended.then(() => {}), stop: server.stop }
}

async function startServer(
  engine: Extract<ServerProgram, { kind: 'server' }>,
  folder: string,
  frontend: number,
  ui: number,
  settings: Record<string, unknown>,
  codecUrl: string | undefined,
): Promise<Supervised> {
  const configs = join(folder, 'config')
  mkdirSync(configs, { recursive: true })
  const dynamic = join(configs, 'dynamic.yaml')
  const ports = await internalPorts(join(configs, 'ports.json'), frontend)
  writeFileSync(dynamic, dynamicConfigYaml(settings))
  writeFileSync(join(configs, 'local.yaml'), serverYaml(join(folder, 'temporal.db'), ports, dynamic))
  const args = ['--root', folder, '--config', 'config', '--env', 'local', '--allow-no-auth', 'start']
  const logFile = join(folder, 'server.log')
  if (!engine.ui) return supervise(engine.program, args, { logFile })
  writeFileSync(join(configs, 'ui.yaml'), uiYaml(ui, `127.0.0.1:${frontend}`, codecUrl))
  const uiArgs = ['--root', folder, '--config', 'config', '--env', 'ui', 'start']
  // One supervisor for both: each is a Node process of 40 MB.
  const companion = { program: engine.ui, args: uiArgs, logFile: join(folder, 'ui.log') }
  return supervise(engine.program, args, { logFile, companion })
}

/**
 * The server's other ports: free ones, chosen once and kept. Under new ones the server would take its own former addresses
 * for other hosts that are away, and wait half a minute for them.
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
  // As many as were chosen: `INNER_PORTS`.
  return { frontend, others: others as ServerPorts['others'] }
}

function readPorts(file: string): number[] | null {
  try {
    const ports: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (!Array.isArray(ports) || !ports.every(Number.isInteger)) return null
    // Until 0.2.0 the first was the HTTP API's; the others stay.
    const internal = ports.slice(-INTERNAL_PORTS)
    return internal.length === INTERNAL_PORTS ? internal : null
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

/** How a `temporal` CLI is asked for the server that `serverYaml`, `dynamicConfigYaml` and `uiYaml` describe. */
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
