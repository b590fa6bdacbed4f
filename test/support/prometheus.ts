import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { freePort } from '../../src/engine/local/ports.ts'
import { supervise } from '../../src/engine/local/supervise.ts'
import { until } from './program.ts'

const PROGRAM = '/usr/bin/prometheus'
const ours = fileURLToPath(new URL('../../temporal-docker/prometheus', import.meta.url))

export const hasPrometheus = existsSync(PROGRAM)

interface Sample {
  metric: Record<string, string>
  value: [number, string]
}

export interface Prometheus {
  query(expr: string): Promise<Sample[]>
  /** JSON of another call of its API. */
  get<T>(path: string): Promise<T>
  stop(): Promise<void>
}

/** A real Prometheus with our configuration, but other places to look at and a shorter interval. */
export async function startPrometheus(targets: Record<string, string>, token: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-prometheus-'))
  await cp(ours, folder, { recursive: true })
  const config = parse(readFileSync(join(folder, 'prometheus.yml'), 'utf8'))
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  for (const job of config.scrape_configs) {
    delete job.dns_sd_configs
    job.static_configs = [{ targets: [targets[job.job_name] ?? '127.0.0.1:9'] }]
  }
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config))
  writeFileSync(join(folder, 'nurture-token'), token)
  const port = await freePort()
  const server = supervise(
    PROGRAM,
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { logFile: join(folder, 'prometheus.log') },
  )
  const base = `http://127.0.0.1:${port}`
  await until(() =>
    fetch(`${base}/-/ready`).then(
      (r) => r.ok,
      () => false,
    ),
  )
  return {
    async query(expr) {
      const answer = await fetch(`${base}/api/v1/query?${new URLSearchParams({ query: expr })}`)
      const body = (await answer.json()) as { status: string; data: { result: Sample[] } }
      if (body.status !== 'success') throw new Error(`${expr}: ${JSON.stringify(body)}`)
      return body.data.result
    },
    async get<T>(path: string) {
      return (await (await fetch(`${base}${path}`)).json()) as T
    },
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
