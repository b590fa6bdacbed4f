import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { Db } from '../../src/store/db.ts'
import { openStore } from '../../src/store/open-store.ts'
import { cacheFolder, findTemporalServer } from '../../src/temporal/local-server/find-server.ts'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { startLocalServer } from '../../src/temporal/local-server/start-server.ts'
import { startCluster } from '../../test/chaos/environments/cluster-environment.ts'
import {
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../../test/harness/process/program.ts'
import { startPostgres } from '../../test/harness/setup/postgres.ts'
import { waitFor } from '../../test/harness/wait-for.ts'

/** The product as programs of their own, beside the process that loads them. */
export interface Target {
  name: string
  /** Where API and metrics are. */
  base: string
  /** Where WeChat pushes; absent: there too. */
  callbackBase?: string
  /** The most memory that each program has had, MiB; Linux tells it. */
  memoryPeaks(): Record<string, number>
  /** From now on only what comes is a peak; Linux alone can do that. */
  forgetPeaks(): void
  /** All that the programs have said on standard error. */
  said(): string
  /** Stops the programs, then reads the store. */
  stopAndRead<T>(read: (db: Db) => Promise<T>): Promise<T>
}

export type TargetName = 'pglite' | 'postgres' | 'cluster'

/**
 * `npm start` on the embedded store; or `serve` and `worker` on a throwaway PostgreSQL; or the stack of compose.yaml.
 * Null where what it needs is missing.
 * @param moreEnv settings besides; the stack has its own
 */
export function startTarget(
  name: TargetName,
  say: (line: string) => void,
  moreEnv: Record<string, string> = {},
): Promise<Target | null> {
  if (name === 'cluster') return startStack(say)
  return name === 'pglite' ? startEmbedded(moreEnv) : startRoles(say, moreEnv)
}

async function startEmbedded(moreEnv: Record<string, string>): Promise<Target> {
  const { env, dataDir, cleanUp: forget } = await isolatedSettings()
  const program = spawnProgram('src/start.ts', { ...env, ...moreEnv, SIMULATOR: 'off', LOG_LEVEL: 'error' })
  await waitUntilReady(program)
  return {
    name: '`npm start` (PGlite)',
    base: `http://127.0.0.1:${env.PORT}`,
    memoryPeaks: () => ({ 'npm start': peakOf(program) }),
    forgetPeaks: () => forgetPeak(program),
    said: program.stderr,
    async stopAndRead(read) {
      await stop([program])
      try {
        return await readStore({ dataDir }, read)
      } finally {
        forget()
      }
    },
  }
}

async function startRoles(
  say: (line: string) => void,
  moreEnv: Record<string, string>,
): Promise<Target | null> {
  const postgres = await startPostgres()
  if (!postgres) return null
  const { dataDir, cleanUp: forget } = await isolatedSettings()
  const engine = await startLocalServer({
    program: await findTemporalServer({ cacheDir: cacheFolder(loadConfig()), print: say }),
    dataDir,
    port: 0,
    uiPort: 0,
    namespace: 'default',
  })
  const [port, workerPort] = [String(await freePort()), String(await freePort())]
  const env = {
    ...moreEnv,
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: engine.address,
    ADMIN_TOKEN: 'test-admin-token',
    ENCRYPTION_KEY: 'test-encryption-key-of-the-tests',
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    PORT: port,
    WORKER_PORT: workerPort,
  }
  const programs = { serve: spawnProgram('src/serve.ts', env), worker: spawnProgram('src/worker.ts', env) }
  const said = () => programs.serve.stderr() + programs.worker.stderr()
  const isGone = () => Object.values(programs).some((p) => p.process.exitCode !== null)
  for (const at of [port, workerPort]) {
    const isReady = () =>
      fetch(`http://127.0.0.1:${at}/readyz`).then(
        (r) => r.status === 200,
        () => false,
      )
    await waitFor(async () => isGone() || (await isReady()), { message: said })
  }
  if (isGone()) throw new Error(`serve or worker ended before it was ready:\n${said()}`)
  return {
    name: '`serve` and `worker` (PostgreSQL)',
    base: `http://127.0.0.1:${port}`,
    memoryPeaks: () => ({ serve: peakOf(programs.serve), worker: peakOf(programs.worker) }),
    forgetPeaks: () => Object.values(programs).forEach(forgetPeak),
    said,
    async stopAndRead(read) {
      await stop(Object.values(programs))
      await engine.stop()
      try {
        return await readStore({ dataDir: null, databaseUrl: postgres.url }, read)
      } finally {
        await postgres.stop()
        forget()
      }
    },
  }
}

async function startStack(say: (line: string) => void): Promise<Target | null> {
  const folder = temporaryFolder('follower-nurture-load-')
  const set = await startCluster({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    folder,
    print: say,
  })
  if (!set) return null
  const { environment: stage, cluster } = set
  await stage.startAll()
  const { PORT = '' } = cluster.envOf('serve-1').env
  return {
    name: 'the production stack',
    base: `http://127.0.0.1:${PORT}`,
    callbackBase: stage.callbackBase,
    memoryPeaks: () => ({}),
    forgetPeaks: () => {},
    said: () => `see ${folder}`,
    async stopAndRead(read) {
      await cluster.stop('serve-1', 'serve-2', 'worker-1', 'worker-2')
      try {
        return await readStore({ dataDir: null, databaseUrl: cluster.databaseUrl }, read)
      } finally {
        await cluster.end()
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      }
    },
  }
}

async function stop(programs: Program[]): Promise<void> {
  for (const p of programs) p.process.kill('SIGTERM')
  await Promise.all(programs.map((p) => p.exited))
}

async function readStore<T>(
  where: Parameters<typeof openStore>[0],
  read: (db: Db) => Promise<T>,
): Promise<T> {
  const store = await openStore(where)
  try {
    return await read(store.db)
  } finally {
    await store.close()
  }
}

export function peakOf(program: Program): number {
  try {
    const status = readFileSync(`/proc/${program.process.pid}/status`, 'utf8')
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
  } catch {
    return Number.NaN
  }
}

/** proc(5): a `5` resets `VmHWM`. */
function forgetPeak(program: Program): void {
  try {
    writeFileSync(`/proc/${program.process.pid}/clear_refs`, '5')
  } catch {
    // No Linux: the peak is the one since its start.
  }
}
