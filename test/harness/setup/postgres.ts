import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { temporaryFolder } from '../../../scripts/cluster/unix-user.ts'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { supervise, untilReady } from '../../../src/temporal/local-server/supervise.ts'
import { initCluster } from './postgres-cluster.ts'
import { reportSetupError } from './report-setup-error.ts'

/** A test kills processes, never the machine, so nothing has to reach the disk. */
const NO_POWER_CUTS = ['fsync=off', 'full_page_writes=off']

/** Starts one PostgreSQL for the test run, where it is installed. If it does not start, the run fails, but tests that do not need it still run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = await startPostgres(NO_POWER_CUTS).catch((err: unknown) => {
    reportSetupError(project, err)
    return null
  })
  project.provide('postgresUrl', running?.url ?? '')
  return running?.stop ?? (async () => {})
}

/**
 * Starts a temporary cluster. Returns null and prints a line where PostgreSQL is not installed.
 * @param settings `name=value` of postgresql.conf
 * @throws NotStartedError with the last lines of the log
 */
export async function startPostgres(
  settings: readonly string[] = [],
): Promise<{ url: string; stop(): Promise<void> } | null> {
  const folder = temporaryFolder('follower-nurture-pg-')
  const cluster = initCluster(folder, await freePort(), settings)
  if (!cluster) {
    process.stderr.write('tests: PostgreSQL is not installed; tests that need it are skipped\n')
    rmSync(folder, { recursive: true, force: true })
    return null
  }
  const { program, args, user, cwd, url, waitUntilReady: answers } = cluster
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
