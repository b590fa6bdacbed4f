import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { SLOW_UNIT_TIMEOUT_MS } from '../../test/harness/timeouts.ts'
import { createMetrics } from './metrics.ts'

vi.setConfig({ testTimeout: SLOW_UNIT_TIMEOUT_MS, hookTimeout: SLOW_UNIT_TIMEOUT_MS })

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const RULES = 'temporal-docker/prometheus/rules/nurture.yml'
const DASHBOARDS = 'temporal-docker/grafana/dashboards'

/** Of the SDK (its metrics.rs); Prometheus' own suffixes left out. */
const TEMPORAL = [
  'temporal_request',
  'temporal_request_failure',
  'temporal_worker_task_slots_available',
  'temporal_workflow_task_execution_failed',
  'temporal_activity_execution_failed',
  'temporal_workflow_task_schedule_to_start_latency',
  'temporal_activity_schedule_to_start_latency',
]

interface Alert {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: Record<string, string>
}
const alerts: Alert[] = parse(read(RULES)).groups.flatMap((g: { rules: Alert[] }) => g.rules)

const dashboards = readdirSync(join(root, DASHBOARDS)).map((file) => ({
  file,
  board: JSON.parse(read(`${DASHBOARDS}/${file}`)) as {
    uid: string
    panels: { id: number; title: string; datasource: { uid: string }; targets: { expr: string }[] }[]
  },
}))

/** The names that a query asks for, without what Prometheus adds to a histogram's. */
const namesIn = (query: string) =>
  [...query.matchAll(/\b(?:nurture|process|nodejs|temporal)_\w+/g)].map(([name]) =>
    name.replace(/_(bucket|sum|count)$/, ''),
  )

const metrics = createMetrics({ processMetrics: true })
const ours = metrics.registry.getMetricsAsArray().map((m) => m.name)
const known = new Set([...ours, ...TEMPORAL])

describe('the metrics', () => {
  it('are those of the table in docs/metrics.md', () => {
    const table = [...read('docs/metrics.md').matchAll(/^\| `(nurture_\w+)`/gm)].map(([, name]) => name)
    expect(table.sort()).toEqual(ours.filter((name) => name.startsWith('nurture_')).sort())
  })

  it('show the first fault as a rise: their series begin at 0', async () => {
    const text = await metrics.registry.metrics()
    expect(text).toContain('nurture_callbacks_total{result="failed"} 0')
    expect(text).toContain('nurture_token_refreshes_total{result="refused"} 0')
    expect(text).toContain('nurture_callbacks_shed_total 0')
  })
})

describe.each(alerts)('alert $alert', ({ alert, expr, labels, annotations }) => {
  it('asks for metrics that there are', () => {
    expect(namesIn(expr).filter((name) => !known.has(name))).toEqual([])
  })

  it('has a section in the runbooks, a severity and a summary in both languages', () => {
    const [file = '', anchor] = annotations.runbook?.split('#') ?? []
    const headings = [...read(file).matchAll(/^## (.+)$/gm)].map(([, text = '']) => text.toLowerCase())
    expect(headings).toContain(anchor)
    expect(anchor).toBe(alert.toLowerCase())
    expect(['critical', 'warning']).toContain(labels.severity)
    expect(annotations.summary).toMatch(/\w/)
    expect(annotations.summary_zh).toMatch(/[\u4e00-\u9fff]/)
  })

  it('fires in the test of the rules', () => {
    expect(read('temporal-docker/prometheus/rules.test.yml')).toContain(`{alertname="${alert}"}`)
  })
})

it('no section of the runbooks is about an alert that is gone', () => {
  const sections = [...read('docs/runbooks.md').matchAll(/^## (Nurture\w+)$/gm)].map(([, name]) => name)
  expect(sections.sort()).toEqual(alerts.map((a) => a.alert).sort())
})

describe.each(dashboards)('dashboard $file', ({ board }) => {
  const provisioned = parse(read('temporal-docker/grafana/provisioning/datasources/prometheus.yml'))

  it('asks the provisioned data source for metrics that there are', () => {
    const queries = board.panels.flatMap((p) => p.targets.map((t) => t.expr))
    expect(queries.length).toBeGreaterThan(10)
    expect(queries.flatMap(namesIn).filter((name) => !known.has(name))).toEqual([])
    expect(new Set(board.panels.map((p) => p.datasource.uid))).toEqual(
      new Set([provisioned.datasources[0].uid]),
    )
  })

  it('has panels with ids of their own', () => {
    expect(new Set(board.panels.map((p) => p.id)).size).toBe(board.panels.length)
  })
})

const promtool = '/usr/bin/promtool'
describe.skipIf(!existsSync(promtool))('promtool', () => {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'follower-nurture-prometheus-'))
    await cp(join(root, 'temporal-docker/prometheus'), folder, { recursive: true })
    writeFileSync(join(folder, 'nurture-token'), 'test-token')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([
    ['check', 'config', 'prometheus.yml'],
    ['check', 'rules', 'rules/nurture.yml'],
    ['test', 'rules', 'rules.test.yml'],
  ])('%s %s %s: all is well', (...args) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  })
})
