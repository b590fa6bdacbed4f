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

/** Metrics of the SDK (its metrics.rs), without the suffixes of Prometheus. */
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

/** The metric names in a query, without the suffixes that Prometheus adds to histograms. */
const namesIn = (query: string) =>
  [...query.matchAll(/\b(?:nurture|process|nodejs|temporal)_\w+/g)].map(([name]) =>
    name.replace(/_(bucket|sum|count)$/, ''),
  )

const metrics = createMetrics({ processMetrics: true })
const registered = metrics.registry.getMetricsAsArray().map((m) => m.name)
const known = new Set([...registered, ...TEMPORAL])

describe('the metrics', () => {
  it('are the ones listed in docs/metrics.md', () => {
    const table = [...read('docs/metrics.md').matchAll(/^\| `(nurture_\w+)`/gm)].map(([, name]) => name)
    expect(table.sort()).toEqual(registered.filter((name) => name.startsWith('nurture_')).sort())
  })

  it('have fault series that begin at 0, so that the first fault shows as a rise', async () => {
    const text = await metrics.registry.metrics()
    expect(text).toContain('nurture_callbacks_total{result="failed"} 0')
    expect(text).toContain('nurture_token_refreshes_total{result="refused"} 0')
    expect(text).toContain('nurture_callbacks_shed_total 0')
    expect(text).toContain('nurture_steps_held_total{reason="no-grant"} 0')
  })

  it('have a gauge of request bodies that begins at 0', async () => {
    const text = await metrics.registry.metrics()
    expect(text).toContain('nurture_request_body_bytes{share="signed-in"} 0')
    expect(text).toContain('nurture_request_body_bytes{share="anonymous"} 0')
  })
})

describe.each(alerts)('alert $alert', ({ alert, expr, labels, annotations }) => {
  it('queries only existing metrics', () => {
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

  it('is covered by the rule tests', () => {
    expect(read('temporal-docker/prometheus/rules.test.yml')).toContain(`{alertname="${alert}"}`)
  })
})

it('each section of the runbooks belongs to an existing alert', () => {
  const sections = [...read('docs/runbooks.md').matchAll(/^## (Nurture\w+)$/gm)].map(([, name]) => name)
  expect(sections.sort()).toEqual(alerts.map((a) => a.alert).sort())
})

describe.each(dashboards)('dashboard $file', ({ board }) => {
  const provisioned = parse(read('temporal-docker/grafana/provisioning/datasources/prometheus.yml'))

  it('queries only existing metrics, from the provisioned data source', () => {
    const queries = board.panels.flatMap((p) => p.targets.map((t) => t.expr))
    expect(queries.length).toBeGreaterThan(10)
    expect(queries.flatMap(namesIn).filter((name) => !known.has(name))).toEqual([])
    expect(new Set(board.panels.map((p) => p.datasource.uid))).toEqual(
      new Set([provisioned.datasources[0].uid]),
    )
  })

  it('has panels with distinct ids', () => {
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
  ])('%s %s %s succeeds', (...args) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  })
})
