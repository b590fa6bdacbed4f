import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { createManagedProcess, type ManagedProcess } from '../../../scripts/cluster/managed-process.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { prepareNamespace } from '../../../src/temporal/local-server/prepare-namespace.ts'
import { initCluster, type PostgresCluster } from '../../harness/setup/postgres-cluster.ts'
import {
  type Environment,
  type EnvironmentOptions,
  mountSmallDisk,
  readRecords,
  respondsOk,
  SECRETS,
  startProgram,
  waitUntilReady,
} from './environment.ts'
import { startLoadBalancer } from './load-balancer.ts'

const DISK_MB = 500
/** Limits the write-ahead log, so that it fits the small disk. */
const POSTGRES = ['max_wal_size=64MB', 'min_wal_size=32MB', 'shared_buffers=64MB']

/** Two `serve`, two `worker`, Temporal and PostgreSQL, each as a process; null where PostgreSQL is not installed. */
export async function startPostgresEnvironment(options: EnvironmentOptions): Promise<Environment | null> {
  const disk = mountSmallDisk(join(options.folder, 'disk'), DISK_MB)
  const cluster = await initClusterOnDisk(options.folder)
  if (!cluster) {
    options.print('PostgreSQL is not installed. On Debian: apt-get install postgresql-15')
    disk?.unmount()
    return null
  }
  const temporalPort = await freePort()
  const env = {
    ...SECRETS,
    DATABASE_URL: cluster.url,
    TEMPORAL_ADDRESS: `127.0.0.1:${temporalPort}`,
    TEMPORAL_NAMESPACE: 'default',
    DATA_DIR: join(options.folder, 'data'),
  }
  const [serve1, serve2, worker1, worker2] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ])
  const processes = [
    postgresProcess(options, cluster),
    temporalProcess(options, temporalPort),
    roleProcess(options, 'serve-1', 'src/serve.ts', serve1, { ...env, PORT: String(serve1) }),
    roleProcess(options, 'serve-2', 'src/serve.ts', serve2, { ...env, PORT: String(serve2) }),
    roleProcess(options, 'worker-1', 'src/worker.ts', worker1, { ...env, WORKER_PORT: String(worker1) }),
    roleProcess(options, 'worker-2', 'src/worker.ts', worker2, { ...env, WORKER_PORT: String(worker2) }),
  ]
  const loadBalancer = await startLoadBalancer([serve1, serve2])
  return {
    processes,
    callbackBase: loadBalancer.url,
    apiBase: `http://127.0.0.1:${serve1}`,
    temporalAddress: env.TEMPORAL_ADDRESS,
    ...(disk ? { fillDisk: disk.fill } : {}),
    async startAll() {
      for (const managed of processes) await managed.start()
    },
    async readStore() {
      const opened = await openStore({ databaseUrl: cluster.url, dataDir: null })
      try {
        return await readRecords(opened.db)
      } finally {
        await opened.close()
      }
    },
    async end() {
      await loadBalancer.close()
      for (const managed of [...processes].reverse()) await managed.end()
      disk?.unmount()
    },
  }
}

async function initClusterOnDisk(folder: string): Promise<PostgresCluster | null> {
  const postgresDir = join(folder, 'disk/postgres')
  mkdirSync(postgresDir, { recursive: true })
  // PostgreSQL's user must be able to enter.
  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'disk'), 0o755)
  return initCluster(postgresDir, await freePort(), POSTGRES)
}

function postgresProcess({ folder }: EnvironmentOptions, cluster: PostgresCluster): ManagedProcess {
  const logFile = join(folder, 'postgres.log')
  return createManagedProcess({
    name: 'postgres',
    logFile,
    spawn() {
      const log = openSync(logFile, 'a')
      const { program, args, user, cwd } = cluster
      return spawn(program, args, { ...user, cwd, stdio: ['ignore', log, log] })
    },
    ready: () => cluster.waitUntilReady(),
  })
}

function temporalProcess(options: EnvironmentOptions, port: number): ManagedProcess {
  const { folder } = options
  return createManagedProcess({
    name: 'temporal',
    logFile: join(folder, 'temporal.log'),
    spawn: () =>
      startProgram(options, 'temporal', 'test/chaos/environments/temporal-program.ts', {
        DATA_DIR: join(folder, 'temporal'),
        TEMPORAL_PORT: String(port),
      }),
    ready: () => prepareNamespace(`127.0.0.1:${port}`, 'default', 60_000),
  })
}

/** A `serve` or `worker` process with its HTTP server at `port`. */
function roleProcess(
  options: EnvironmentOptions,
  name: string,
  file: string,
  port: number,
  env: Record<string, string>,
): ManagedProcess {
  return createManagedProcess({
    name,
    logFile: join(options.folder, `${name}.log`),
    spawn: () => startProgram(options, name, file, env),
    ready: () => waitUntilReady(name, () => respondsOk(`http://127.0.0.1:${port}/readyz`)),
  })
}
