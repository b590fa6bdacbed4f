import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { freePort } from '../../src/engine/local/ports.ts'
import { supervise } from '../../src/engine/local/supervise.ts'
import { initCluster } from './postgres-cluster.ts'

/** A throwaway PostgreSQL cluster for the whole run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'follower-nurture-pg-'))
  const cluster = initCluster(folder, await freePort())
  if (!cluster) {
    process.stderr.write('tests: PostgreSQL is not installed; what needs it is skipped\n')
    project.provide('postgresUrl', '')
    return async () => {}
  }
  const server = supervise(cluster.program, cluster.args, {
    logFile: join(folder, 'postgres.log'),
    ...cluster.owner,
  })
  await cluster.answers()
  project.provide('postgresUrl', cluster.url)
  return async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
