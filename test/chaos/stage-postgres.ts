import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { prepareNamespace } from '../../src/engine/local/namespace.ts'
import { freePort } from '../../src/engine/local/ports.ts'
import { openStore } from '../../src/store/db.ts'
import { createPart, type Part } from '../../temporal-docker/native/part.ts'
import { initCluster } from '../support/postgres-cluster.ts'
import { openDoor } from './door.ts'
import {
  answers,
  becomesReady,
  readFacts,
  SECRETS,
  type Stage,
  type StageOptions,
  smallDisk,
  startProgram,
} from './stage.ts'

const DISK_MB = 500
/** Segments of its log are kept few, so that they fit the small disk. */
const POSTGRES = ['max_wal_size=64MB', 'min_wal_size=32MB', 'shared_buffers=64MB']

/** Two `serve`, two `worker`, the engine and PostgreSQL, each a process; null where PostgreSQL is not installed. */
export async function setPostgresStage(options: StageOptions): Promise<Stage | null> {
  const { folder } = options
  const diskAt = join(folder, 'disk')
  const disk = smallDisk(diskAt, DISK_MB)
  const home = join(diskAt, 'postgres')
  // PostgreSQL's own user must get there.
  chmodSync(folder, 0o755)
  mkdirSync(home, { recursive: true })
  chmodSync(diskAt, 0o755)
  const cluster = initCluster(home, await freePort(), POSTGRES)
  if (!cluster) {
    options.say('PostgreSQL is not installed (on Debian: apt-get install postgresql-15)')
    disk?.unmount()
    return null
  }
  const enginePort = await freePort()
  const address = `127.0.0.1:${enginePort}`
  const env = {
    ...SECRETS,
    DATABASE_URL: cluster.url,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
    DATA_DIR: join(folder, 'data'),
  }

  const store = createPart({
    name: 'postgres',
    logFile: join(folder, 'postgres.log'),
    spawn() {
      const log = openSync(join(folder, 'postgres.log'), 'a')
      const { program, args, user, home: cwd } = cluster
      return spawn(program, args, { ...user, cwd, stdio: ['ignore', log, log] })
    },
    ready: () => cluster.answers(),
  })
  const engine = createPart({
    name: 'engine',
    logFile: join(folder, 'engine.log'),
    spawn: () =>
      startProgram(options, 'engine', 'test/chaos/engine-program.ts', {
        DATA_DIR: join(folder, 'engine'),
        TEMPORAL_PORT: String(enginePort),
      }),
    ready: () => prepareNamespace(address, 'default', 60_000),
  })
  const ports: number[] = []
  const role = async (name: string, file: string, variable: string, kept: number[]): Promise<Part> => {
    const port = await freePort()
    kept.push(port)
    return createPart({
      name,
      logFile: join(folder, `${name}.log`),
      spawn: () => startProgram(options, name, file, { ...env, [variable]: String(port) }),
      ready: () => becomesReady(name, () => answers(`http://127.0.0.1:${port}/readyz`)),
    })
  }
  const parts = [
    store,
    engine,
    await role('serve-1', 'src/serve.ts', 'PORT', ports),
    await role('serve-2', 'src/serve.ts', 'PORT', ports),
    await role('worker-1', 'src/worker.ts', 'WORKER_PORT', []),
    await role('worker-2', 'src/worker.ts', 'WORKER_PORT', []),
  ]
  const door = await openDoor(ports)
  const heal = async () => {
    for (const part of parts) await part.start()
  }
  return {
    parts,
    callbackBase: door.url,
    apiBase: `http://127.0.0.1:${ports[0]}`,
    ...(disk ? { fillDisk: disk.fill } : {}),
    heal,
    async readStore() {
      const opened = await openStore({ databaseUrl: cluster.url, dataDir: null })
      try {
        return await readFacts(opened.db)
      } finally {
        await opened.close()
      }
    },
    async end() {
      await door.close()
      for (const part of [...parts].reverse()) await part.end()
      disk?.unmount()
    },
  }
}
