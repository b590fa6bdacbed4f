import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { freePort } from '../../src/engine/local/ports.ts'
import { supervise } from '../../src/engine/local/supervise.ts'
import { initCluster } from './postgres-cluster.ts'

/** One PostgreSQL for the whole run, where there is one. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const running = await startPostgres()
  if (!running) process.stderr.write('tests: PostgreSQL is not installed; what needs it is skipped\n')
  project.provide('postgresUrl', running?.url ?? '')
  return running?.stop ?? (async () => {})
}

/** A throwaway cluster that runs, or null where PostgreSQL is not installed. */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> } | null> {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-pg-'))
  const cluster = initCluster(folder, await freePort())
  if (!cluster) return null
  const server = supervise(cluster.program, cluster.args, {
    logFile: join(folder, 'postgres.log'),
    ...cluster.owner,
  })
  await cluster.answers()
  return {
    url: cluster.url,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
