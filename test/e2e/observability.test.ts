import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { inboxKey } from '../../src/callback/accept/store-event.ts'
import { hasPrometheus, type Prometheus, startPrometheus } from '../fixtures/prometheus.ts'
import { freshNamespace } from '../harness/fresh-namespace.ts'
import {
  callApi,
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../harness/process/program.ts'
import { waitFor } from '../harness/wait-for.ts'

const APP = 'wxsimulated000001'
const FOLLOWER = 'oSeenFollower'
const temporalAddress = inject('temporalAddress')
const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
/** Replaces the variables of a dashboard query, as Grafana does. */
const interpolate = (expr: string) => expr.replaceAll('$__rate_interval', '5s')

interface Line {
  msg: string
  key?: string
  run?: string
  [field: string]: unknown
}

describe.skipIf(!temporalAddress)('an operator watches one follower of npm start', () => {
  let program: Program
  let base: string
  let cleanUp: () => void
  let metrics: string
  beforeAll(async () => {
    const settings = await isolatedSettings()
    cleanUp = settings.cleanUp
    const namespace = await freshNamespace(temporalAddress)
    const target = { TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace }
    program = spawnProgram('src/start.ts', { ...settings.env, ...target, LOG_LEVEL: 'info' })
    base = `http://127.0.0.1:${settings.env.PORT}`
    await waitUntilReady(program)
    const phone = `http://127.0.0.1:${settings.env.SIMULATOR_PORT}/_sim/${APP}/${FOLLOWER}`
    await callApi(phone, '/act', { do: 'follow' })
    await waitFor(() => lines().some((l) => l.msg === 'run began'))
    await callApi(phone, '/act', { do: 'type', text: '1' })
    await waitFor(() => lines().some((l) => l.msg === 'send ended'))
    await callApi(phone, '/act', { do: 'unfollow' })
    await waitFor(() => lines().some((l) => l.msg === 'run ended'))
    const answer = await fetch(`${base}/metrics`, { headers: { authorization: 'Bearer test-admin-token' } })
    metrics = await answer.text()
  })
  afterAll(async () => {
    program?.process.kill('SIGTERM')
    await program?.exited
    cleanUp?.()
  })

  const lines = (): Line[] =>
    program
      .stderr()
      .split('\n')
      .filter((l) => l.startsWith('{') && l.endsWith('}'))
      .map((l) => JSON.parse(l))
  /** The log lines that contain a key. */
  const grep = (key: string) => lines().filter((l) => l.key === key || l.run === key)

  describe('in the log', () => {
    it('one key finds all lines from the callback to the send and the end of the run', () => {
      const follow = lines().find((l) => l.msg === 'callback accepted' && l.kind === 'subscribe')
      expect(follow?.key).toMatch(/^[\w-]{32}$/)
      const messages = grep(follow?.key ?? '').map((l) => l.msg)
      for (const msg of ['callback accepted', 'event dispatched', 'run began', 'send ended', 'run ended'])
        expect(messages).toContain(msg)
      expect(grep(follow?.key ?? '').find((l) => l.msg === 'send ended')).toMatchObject({
        step: 'gift',
        result: 'sent',
        appId: APP,
      })
    })

    it('a later event has its own key, and names the run that received it', () => {
      const follow = lines().find((l) => l.msg === 'callback accepted' && l.kind === 'subscribe')
      const reply = lines().find((l) => l.msg === 'callback accepted' && l.key !== follow?.key)
      const entries = grep(reply?.key ?? '')
      expect(entries.map((l) => l.msg).sort()).toEqual([
        'callback accepted',
        'event dispatched',
        'run received an event',
      ])
      for (const l of entries.filter((l) => l.msg !== 'callback accepted')) expect(l.run).toBe(follow?.key)
    })

    it('is the key of the inbox, and contains no personal data', () => {
      expect(inboxKey('anything')).toHaveLength(32)
      expect(program.stderr()).not.toContain(FOLLOWER)
    })
  })

  describe('in the metrics', () => {
    it('are exactly those of docs/metrics.md', () => {
      const table = [...file('docs/metrics.md').matchAll(/^\| `(nurture_\w+)`/gm)].map(([, name]) => name)
      const served = [...metrics.matchAll(/^# TYPE (nurture_\w+) /gm)].map(([, name]) => name)
      expect(served.sort()).toEqual(table.sort())
    })

    it('count accounts by state, and requests by WeChat’s answer', () => {
      expect(metrics).toMatch(/^nurture_accounts\{state="active"\} [1-9]/m)
      expect(metrics).toMatch(/^nurture_accounts\{state="blocked"\} 0$/m)
      expect(metrics).toMatch(/^nurture_send_attempts_total\{class="sent",errcode="0"\} 1$/m)
    })

    it('include those of the SDK under the names that rules and dashboards use', () => {
      expect(metrics).toMatch(/^temporal_worker_task_slots_available\{.*task_queue="send".*\} \d+$/m)
      expect(metrics).toMatch(/^temporal_worker_task_slots_available\{.*worker_type="ActivityWorker"/m)
      expect(metrics).toMatch(/^temporal_workflow_task_schedule_to_start_latency_bucket\{.*le=/m)
      expect(metrics).toMatch(/^temporal_activity_schedule_to_start_latency_bucket\{.*le=/m)
      expect(metrics).toMatch(/^temporal_request\{.*operation=/m)
    })
  })

  describe.skipIf(!hasPrometheus)('in a real Prometheus', () => {
    let prometheus: Prometheus
    beforeAll(async () => {
      const target = new URL(base).host
      prometheus = await startPrometheus(
        { 'nurture-serve': target, 'nurture-worker': target },
        'test-admin-token',
      )
      // A rate needs two scrapes.
      await waitFor(
        async () => (await prometheus.query('count_over_time(nurture_engine_up[1m]) >= 3')).length === 2,
      )
    })
    afterAll(() => prometheus?.stop())

    const panels = readdirSync(new URL('../../temporal-docker/grafana/dashboards', import.meta.url))
      .map((name) => JSON.parse(file(`temporal-docker/grafana/dashboards/${name}`)))
      .flatMap((dashboard) =>
        dashboard.panels.flatMap((p: { title: string; targets: { expr: string }[] }) =>
          p.targets.map((t) => [p.title, interpolate(t.expr)] as const),
        ),
      )
    /** Metrics without a series yet, since their events did not happen to this follower. */
    const NOT_HAPPENED = /steps_skipped|execution_failed|request_failure/
    const happened = panels.filter(([, expr]) => !NOT_HAPPENED.test(expr))
    const notHappened = panels.filter(([, expr]) => NOT_HAPPENED.test(expr))

    it.each(happened)('the panel %s has data', async (_title, expr) => {
      const message = () => `no data: ${expr}`
      await waitFor(async () => (await prometheus.query(expr)).length > 0, { message })
    })

    it.each(notHappened)(
      'the panel %s has a valid query, without an unknown nurture_ metric',
      async (_title, expr) => {
        await prometheus.query(expr)
        // Temporal's SDK exports a metric only after its first value, so its names cannot be checked here.
        const names = [...expr.matchAll(/\bnurture_\w+/g)].map(([name]) => name)
        for (const name of names) expect(metrics).toContain(`# TYPE ${name} `)
      },
    )

    it('loads and evaluates every rule', async () => {
      interface Rules {
        data: { groups: { rules: { name: string; query: string; health: string; lastError?: string }[] }[] }
      }
      const rules = async () =>
        (await prometheus.get<Rules>('/api/v1/rules')).data.groups.flatMap((g) => g.rules)
      await waitFor(async () => (await rules()).every((r) => r.health !== 'unknown'))
      for (const rule of await rules()) {
        expect(rule, rule.lastError).toMatchObject({ health: 'ok' })
        await prometheus.query(rule.query)
      }
      expect((await rules()).length).toBeGreaterThan(20)
    })

    it('fires no alert but the one for the Temporal server, which is not scraped here', async () => {
      const alarmed = await prometheus.query('group by (alertname) (ALERTS)')
      expect(alarmed.map((a) => a.metric.alertname)).toEqual(['NurtureTemporalDown'])
    })
  })
})
