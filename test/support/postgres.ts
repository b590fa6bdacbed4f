import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { freePort } from '../../src/engine/local/ports.ts'
import { supervise, untilReady } from '../../src/engine/local/supervise.ts'
import { temporaryFolder } from '../../temporal-docker/native/unix-user.ts'
import { initCluster } from './postgres-cluster.ts'
import { reportSetUp } from './set-up-trouble.ts'

/** One PostgreSQL for the whole run, where there is one. One that does not start fails the run, and not what needs none. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const running = await startPostgres().catch((err: unknown) => {
    reportSetUp(project, err)
    return null
  })
  project.provide('postgresUrl', running?.url ?? '')
  return running?.stop ?? (async () => {})
}

/**
 * A throwaway cluster that runs, or null, and a line that says so, where PostgreSQL is not installed.
 * @throws NotStartedError with the last lines of its log
 */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> } | null> {
  const folder = temporaryFolder('follower-nurture-pg-')
  const cluster = initCluster(folder, await freePort())
  if (!cluster) {
    process.stderr.write('tests: PostgreSQL is not installed; what needs it is skipped\n')
    rmSync(folder, { recursive: true, force: true })
    return null
  }
  const { program, args, user, home: cwd, url, answers } = cluster
  const server = supervise(program, args, { logFile: join(folder, 'postgres.log'), user, cwd })
  const stop = async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilReady('PostgreSQL', server, answers)
  } catch (err) {
    await stop()
    throw err
  }
  return { url, stop }
}
