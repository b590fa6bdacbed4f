import { delimiter, join } from 'node:path'
import { DEPLOY_FOLDER, type Service } from './load-compose.ts'
import type { Ports, StackLocation } from './stack-location.ts'

/** One process of this machine, which replaces a container or a part of one. */
export interface LocalProcess {
  name: string
  command: [program: string, ...args: string[]]
  env: Record<string, string>
  cwd: string
  /** The process is ready when this answers; null: a job, which ends by itself. */
  ready: { http: string } | { port: number } | { command: string[] } | null
}

/** Containers that do not run here: they only prepare volumes, or display metrics. */
export const CONTAINERS_ONLY: readonly string[] = ['proxy-folders', 'temporal-ui', 'prometheus', 'grafana']

const TEMPORAL_SERVICES = {
  frontend: 'frontend',
  history: 'history',
  matching: 'matching',
  worker: 'system',
} as const

/**
 * The processes of a service of compose.yaml: the service's command and environment, with the addresses and paths of this
 * machine. Temporal's server is one container there and four processes here.
 * @throws Error for a missing setting, as compose does
 */
export function processesOf(name: string, service: Service, location: StackLocation): LocalProcess[] {
  const { folder, root, ports } = location
  const text = (value: string) => localText(interpolate(value, location.settings), location)
  const [program = '', ...args] = (service.command ?? []).map(text)
  const declared = Object.fromEntries(
    Object.entries(service.environment).map(([key, value]) => [key, text(value)]),
  )
  const base = {
    name,
    command: [program, ...args] as LocalProcess['command'],
    env: { ...declared, ...imageEnv(location) },
    cwd: folder,
  }
  if (name === 'postgres') {
    const data = ['-D', join(folder, 'postgres/data'), '-p', String(ports.postgres)]
    const local = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}/postgres`]
    // The health check of compose.yaml without its first word, `CMD`.
    const check = service.healthcheck?.test.slice(1) ?? []
    return [{ ...base, command: [program, ...args, ...data, ...local], ready: { command: check } }]
  }
  if (name === 'temporal') {
    return Object.entries(TEMPORAL_SERVICES).map(([part, port]) => ({
      ...base,
      name: `temporal-${part}`,
      env: { ...base.env, ...temporalEnv(part, port, ports) },
      ready: { port: ports[port] },
    }))
  }
  if (name === 'proxy') {
    const env = { ...base.env, ...proxyEnv(location) }
    const config = ['--config', join(DEPLOY_FOLDER, 'proxy/Caddyfile'), '--adapter', 'caddyfile']
    return [{ ...base, command: ['caddy', 'run', ...config], env, ready: { port: ports.proxyHealth } }]
  }
  if (service.image?.startsWith('follower-nurture:')) {
    const port = ports[name as keyof Ports]
    // The CLI in a container calls the server of the same container.
    const portSetting = name.startsWith('worker') ? { WORKER_PORT: port } : { PORT: port ?? ports['serve-1'] }
    const env = {
      ...base.env,
      ...(service.environment.PUBLIC_URL ? { PUBLIC_URL: `http://127.0.0.1:${ports.proxy}` } : {}),
      ...Object.fromEntries(Object.entries(portSetting).map(([key, value]) => [key, String(value)])),
      DATA_DIR: join(folder, 'data'),
    }
    const ready = port === undefined ? null : { http: `http://127.0.0.1:${port}/readyz` }
    return [{ ...base, env, cwd: root, ready }]
  }
  return [{ ...base, ready: null }]
}

/** Replaces settings of `.env` as compose does: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
export function interpolate(text: string, settings: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, operator: string, rest: string) => {
      const value = settings[name]
      if (value) return value
      if (operator === '?') throw new Error(`${name}: ${rest}`)
      return rest ?? ''
    },
  )
}

/** Replaces hosts, ports and paths of containers by those of this machine. */
function localText(text: string, { folder, ports }: StackLocation): string {
  return text
    .replaceAll('temporal:7233', `127.0.0.1:${ports.frontend}`)
    .replaceAll('/run/secrets', join(folder, 'secrets'))
    .replaceAll('/nurture/', `${join(DEPLOY_FOLDER, 'temporal')}/`)
}

/** The environment that the images set, and the addresses of this machine. */
function imageEnv({ folder, ports }: StackLocation): Record<string, string> {
  const { HOME = '', PATH = '', XDG_CACHE_HOME, FOLLOWER_NURTURE_CACHE } = process.env
  return {
    PATH: [join(folder, 'bin'), PATH].join(delimiter),
    HOME,
    ...(XDG_CACHE_HOME ? { XDG_CACHE_HOME } : {}),
    ...(FOLLOWER_NURTURE_CACHE ? { FOLLOWER_NURTURE_CACHE } : {}),
    SECRETS: join(folder, 'secrets'),
    ENTRYPOINT: join(folder, 'bin/entrypoint.sh'),
    POSTGRES_SEEDS: '127.0.0.1',
    DB_PORT: String(ports.postgres),
    PGHOST: join(folder, 'postgres'),
    PGPORT: String(ports.postgres),
  }
}

function temporalEnv(part: string, port: 'frontend' | 'history' | 'matching' | 'system', ports: Ports) {
  return Object.fromEntries(
    Object.entries({
      TEMPORAL_SERVICES: part,
      BIND_ON_IP: '127.0.0.1',
      TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1',
      PROMETHEUS_ENDPOINT: `127.0.0.1:${ports[`${port}Metrics`]}`,
      FRONTEND_GRPC_PORT: ports.frontend,
      FRONTEND_MEMBERSHIP_PORT: ports.frontendRing,
      HISTORY_GRPC_PORT: ports.history,
      HISTORY_MEMBERSHIP_PORT: ports.historyRing,
      MATCHING_GRPC_PORT: ports.matching,
      MATCHING_MEMBERSHIP_PORT: ports.matchingRing,
      WORKER_GRPC_PORT: ports.system,
      WORKER_MEMBERSHIP_PORT: ports.systemRing,
    }).map(([key, value]) => [key, String(value)]),
  )
}

/** In production callbacks and console are two hosts. Here they are two names of this machine, without TLS. */
function proxyEnv({ folder, ports }: StackLocation): Record<string, string> {
  return {
    CALLBACK_HOST: `http://127.0.0.1:${ports.proxy}`,
    CONSOLE_HOST: `http://localhost:${ports.proxy}`,
    SERVE_UPSTREAMS: `127.0.0.1:${ports['serve-1']} 127.0.0.1:${ports['serve-2']}`,
    HEALTH_PORT: String(ports.proxyHealth),
    HTTP_PORT: String(ports.proxy),
    XDG_DATA_HOME: join(folder, 'proxy'),
    XDG_CONFIG_HOME: join(folder, 'proxy'),
  }
}
