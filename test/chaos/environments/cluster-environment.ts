import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, createCluster } from '../../../scripts/cluster/cluster.ts'
import { MissingProgramsError } from '../../../scripts/cluster/find-programs.ts'
import type { ManagedProcess } from '../../../scripts/cluster/managed-process.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { type Environment, type EnvironmentOptions, readRecords, SECRETS } from './environment.ts'

/** The stack of compose.yaml as processes that faults can hit; null where this machine lacks a program. */
export async function startClusterEnvironment(options: EnvironmentOptions): Promise<Environment | null> {
  const started = await startCluster(options)
  return started?.environment ?? null
}

/** The same environment, with the cluster that runs it. */
export async function startCluster({
  root,
  folder,
  print: say,
}: EnvironmentOptions): Promise<{ environment: Environment; cluster: Cluster } | null> {
  const clusterDir = join(folder, 'cluster')
  mkdirSync(join(clusterDir, 'secrets'), { recursive: true })
  // PostgreSQL's user must be able to enter.
  chmodSync(folder, 0o755)
  // make-secrets.sh keeps existing files.
  writeFileSync(join(clusterDir, 'secrets/admin_token'), SECRETS.ADMIN_TOKEN)
  let cluster: Cluster
  try {
    cluster = await createCluster({ folder: clusterDir, port: await freePort(), root, print: () => {} })
  } catch (err) {
    if (!(err instanceof MissingProgramsError)) throw err
    say(err.message)
    return null
  }
  const processes = cluster.managedProcesses.filter((p) => p.name !== 'worker-draining').map(untilServing)
  let isUp = false
  const environment: Environment = {
    processes,
    callbackBase: cluster.callbackBase,
    apiBase: cluster.consoleBase,
    async startAll() {
      if (isUp) await Promise.all(processes.map((p) => p.start()))
      else await cluster.up()
      isUp = true
    },
    async readStore() {
      const opened = await openStore({ databaseUrl: cluster.databaseUrl, dataDir: null })
      try {
        return await readRecords(opened.db)
      } finally {
        await opened.close()
      }
    },
    end: cluster.end,
  }
  return { environment, cluster }

  /** A process of Temporal counts as ready when the whole server can start a run. */
  function untilServing(managed: ManagedProcess): ManagedProcess {
    if (!managed.name.startsWith('temporal-')) return managed
    return {
      ...managed,
      async start() {
        await managed.start()
        await cluster.waitUntilServing()
      },
    }
  }
}
