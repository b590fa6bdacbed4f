import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEPLOY_FOLDER, loadStack, readDeployFile, readYaml } from '../../scripts/cluster/load-compose.ts'
import { loadConfig } from '../../src/config/config.ts'

const { services } = loadStack('compose.yaml')
const dashboards = readdirSync(join(DEPLOY_FOLDER, 'grafana/dashboards'))
/** A service, or an alias of several services. */
const hosts = Object.entries(services).flatMap(([name, { networks }]) => {
  const joined = Array.isArray(networks) ? {} : (networks ?? {})
  const aliases = Object.values(joined).flatMap((n) => (n as { aliases?: string[] } | null)?.aliases ?? [])
  return [name, ...aliases]
})

describe('Prometheus', () => {
  interface Job {
    job_name: string
    dns_sd_configs?: { names: string[]; port: number }[]
    static_configs?: { targets: string[] }[]
  }
  const config = readYaml('prometheus/prometheus.yml') as { rule_files: string[]; scrape_configs: Job[] }
  const targets = config.scrape_configs.flatMap((job) => [
    ...(job.dns_sd_configs ?? []).flatMap((d) => d.names.map((name) => `${name}:${d.port}`)),
    ...(job.static_configs ?? []).flatMap((s) => s.targets),
  ])

  it('scrapes existing services on their ports', () => {
    const { port, workerPort } = loadConfig({})
    expect(targets).toEqual([`serve:${port}`, `worker:${workerPort}`, 'temporal:9090'])
    for (const target of targets) expect(hosts).toContain(target.split(':')[0])
    expect(services.temporal?.environment.PROMETHEUS_ENDPOINT).toBe('0.0.0.0:9090')
  })

  it('reads existing rule files', () => {
    for (const file of config.rule_files)
      expect(existsSync(join(DEPLOY_FOLDER, 'prometheus', file)), file).toBe(true)
  })
})

describe('Grafana', () => {
  const source = readYaml('grafana/provisioning/datasources/prometheus.yml') as {
    datasources: { uid: string; url: string }[]
  }
  const provider = readYaml('grafana/provisioning/dashboards/nurture.yml') as {
    providers: { options: { path: string } }[]
  }
  const mounts = services.grafana?.volumes ?? []

  it('has its provisioning and dashboards mounted where it reads them', () => {
    expect(mounts).toContain('./grafana/provisioning:/etc/grafana/provisioning:ro')
    expect(mounts).toContain(`./grafana/dashboards:${provider.providers[0]?.options.path}:ro`)
  })

  it('queries the Prometheus of the stack', () => {
    const { hostname } = new URL(source.datasources[0]?.url ?? '')
    expect(services).toHaveProperty(hostname)
  })

  it.each(dashboards)('%s queries only that data source', (name) => {
    const referenced = [...readDeployFile(`grafana/dashboards/${name}`).matchAll(/"uid":\s*"([^"]+)"/g)].map(
      (m) => m[1],
    )
    const board = (JSON.parse(readDeployFile(`grafana/dashboards/${name}`)) as { uid: string }).uid
    expect(new Set(referenced.filter((uid) => uid !== board))).toEqual(new Set([source.datasources[0]?.uid]))
  })
})

/** Each file of the stack, with the test that would find an error in it. */
const CHECKED: Record<string, string> = {
  '.env.example': 'compose.test.ts',
  Dockerfile: 'compose.test.ts',
  'backup.sh': 'stack-scripts.test.ts, ../exclusive/cluster.test.ts',
  'compose.app-only.yaml': 'compose.test.ts',
  'compose.platform.yaml': 'compose.test.ts',
  'compose.yaml': 'compose.test.ts, local-cluster.test.ts, ../exclusive/cluster.test.ts',
  'digests.sh': 'stack-scripts.test.ts',
  'grafana/dashboards/temporal.json': '../e2e/observability.test.ts',
  'grafana/dashboards/overview.json': '../e2e/observability.test.ts',
  'grafana/provisioning/dashboards/nurture.yml': 'here',
  'grafana/provisioning/datasources/prometheus.yml': 'here',
  'kubernetes/keda-worker.yaml': 'kubernetes.test.ts',
  'kubernetes/nurture.yaml': 'kubernetes.test.ts',
  'kubernetes/temporal-policy.yaml': 'kubernetes.test.ts',
  'kubernetes/values.yaml': 'kubernetes.test.ts',
  'make-secrets.sh': 'stack-scripts.test.ts, ../exclusive/cluster.test.ts',
  'app-services.yaml': 'compose.test.ts, ../exclusive/cluster.test.ts',
  'postgres/init-databases.sh': '../exclusive/cluster.test.ts',
  'prometheus/prometheus.yml': 'here, ../../src/shared/metrics.test.ts',
  'prometheus/rules.test.yml': '../../src/shared/metrics.test.ts',
  'prometheus/rules/nurture.yml': '../e2e/observability.test.ts',
  'proxy-tools/tools.caddy': '../exclusive/cluster.test.ts',
  'proxy/Caddyfile': '../exclusive/cluster.test.ts',
  'restore.sh': 'stack-scripts.test.ts, ../exclusive/cluster.test.ts',
  'temporal/dynamic-config.yaml': 'compose.test.ts, ../exclusive/cluster.test.ts',
  'temporal/schema.sh': '../exclusive/cluster.test.ts',
  'temporal/server.sh': '../exclusive/cluster.test.ts',
  'temporal/visibility-indexes.sh': '../exclusive/cluster.test.ts, ../store/visibility-indexes.test.ts',
}

describe('the files of the stack', () => {
  it('are all listed with their tests', () => {
    const tracked = execFileSync('git', ['ls-files', '.'], { cwd: DEPLOY_FOLDER, encoding: 'utf8' })
      .trim()
      .split('\n')
    const files = tracked.filter((file) => !file.startsWith('native/') && !file.endsWith('.gitignore'))
    expect(files.sort()).toEqual(Object.keys(CHECKED).sort())
  })

  it.each(Object.entries(CHECKED))('%s: by %s', (_file, tests) => {
    for (const test of tests.split(', ').filter((t) => t !== 'here'))
      expect(existsSync(join(import.meta.dirname, test)), test).toBe(true)
  })
})
