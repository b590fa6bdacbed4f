import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { createManagedProcess, type ManagedProcess } from '../../../scripts/cluster/managed-process.ts'
import { openStore } from '../../../src/store/db.ts'
import { freePort } from '../../../src/temporal/local-server/ports.ts'
import { prepareNamespace } from '../../../src/temporal/local-server/prepare-namespace.ts'
import { initCluster } from '../../harness/setup/postgres-cluster.ts'
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
/** Segments of its log are kept few, so that they fit the small disk. */
const POSTGRES = ['max_wal_size=64MB', 'min_wal_size=32MB', 'shared_buffers=64MB']

/** Two `serve`, two `worker`, the engine and PostgreSQL, each a process; null where PostgreSQL is not installed. */
export async function startPostgresEnvironment(options: EnvironmentOptions): Promise<Environment | null> {
  const { folder } = options
  const diskAt = join(folder, 'disk')
  const disk = mountSmallDisk(diskAt, DISK_MB)
  const postgresDir = join(diskAt, 'postgres')
  // PostgreSQL's own user must get there.
  chmodSync(folder, 0o755)
  mkdirSync(postgresDir, { recursive: true })
  chmodSync(diskAt, 0o755)
  const cluster = initCluster(postgresDir, await freePort(), POSTGRES)
  if (!cluster) {
    options.print('PostgreSQL is not installed (on Debian: apt-get install postgresql-15)')
    disk?.unmount()
    return null
  }
  const temporalPort = await freePort()
  const address = `127.0.0.1:${temporalPort}`
  const env = {
    ...SECRETS,
    DATABASE_URL: cluster.url,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
    DATA_DIR: join(folder, 'data'),
  }

  const store = createManagedProcess({
    name: 'postgres',
    logFile: join(folder, 'postgres.log'),
    spawn() {
      const log = openSync(join(folder, 'postgres.log'), 'a')
      const { program, args, user, cwd } = cluster
      return spawn(program, args, { ...user, cwd, stdio: ['ignore', log, log] })
    },
    ready: () => cluster.waitUntilReady(),
  })
  const temporal = createManagedProcess({
    name: 'engine',
    logFile: join(folder, 'engine.log'),
    spawn: () =>
      startProgram(options, 'engine', 'test/chaos/environments/temporal-program.ts', {
        DATA_DIR: join(folder, 'engine'),
        TEMPORAL_PORT: String(temporalPort),
      }),
    ready: () => prepareNamespace(address, 'default', 60_000),
  })
  const ports: number[] = []
  const role = async (
    name: string,
    file: string,
    variable: string,
    servePorts: number[],
  ): Promise<ManagedProcess> => {
    const port = await freePort()
    servePorts.push(port)
    return createManagedProcess({
      name,
      logFile: join(folder, `${name}.log`),
      spawn: () => startProgram(options, name, file, { ...env, [variable]: String(port) }),
      ready: () => waitUntilReady(name, () => respondsOk(`http://127.0.0.1:${port}/readyz`)),
    })
  }
  const processes = [
    store,
    temporal,
    await role('serve-1', 'src/serve.ts', 'PORT', ports),
    await role('serve-2', 'src/serve.ts', 'PORT', ports),
    await role('worker-1', 'src/worker.ts', 'WORKER_PORT', []),
    await role('worker-2', 'src/worker.ts', 'WORKER_PORT', []),
  ]
  const loadBalancer = await startLoadBalancer(ports)
  const heal = async () => {
    for (const managed of processes) await managed.start()
  }
  return {
    processes,
    callbackBase: loadBalancer.url,
    apiBase: `http://127.0.0.1:${ports[0]}`,
    ...(disk ? { fillDisk: disk.fill } : {}),
    startAll: heal,
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
