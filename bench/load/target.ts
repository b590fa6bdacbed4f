import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../scripts/cluster/unix-user.ts'
import type { Db } from '../../src/store/db.ts'
import { openStore } from '../../src/store/open-store.ts'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { startCluster } from '../../test/chaos/environments/cluster-environment.ts'
import {
  isolatedSettings,
  type Program,
  spawnProgram,
  waitUntilReady,
} from '../../test/harness/process/program.ts'
import { startPostgres } from '../../test/harness/setup/postgres.ts'
import { startTemporal } from '../../test/harness/setup/temporal.ts'
import { waitFor } from '../../test/harness/wait-for.ts'
import { Started } from '../own-temporal.ts'

/** The programs under load. They run beside the process that generates it. */
export interface Target {
  name: string
  /** URL of API and metrics. */
  base: string
  /** Base URL for WeChat's callbacks; absent: `base`. */
  callbackBase?: string
  /** Peak memory of each program, MiB. Linux only. */
  memoryPeaks(): Record<string, number>
  /** Starts the peaks again from the current memory. Linux only. */
  resetPeaks(): void
  /** The standard error of all programs. */
  stderr(): string
  /** Stops the programs, then reads the store. */
  stopAndRead<T>(read: (db: Db) => Promise<T>): Promise<T>
}

export type TargetName = 'pglite' | 'postgres' | 'cluster'

/**
 * Starts `npm start` on the embedded store, or `serve` and `worker` on a temporary PostgreSQL, or the stack of compose.yaml.
 * Returns null when a program that it needs is missing.
 * @param moreEnv additional settings; the stack has its own
 */
export async function startTarget(
  name: TargetName,
  print: (line: string) => void,
  moreEnv: Record<string, string> = {},
): Promise<Target | null> {
  // What was started is stopped when a later part of the start fails or is missing.
  const parts = new Started()
  try {
    const running = await startParts(name, parts, print, moreEnv)
    if (running) return stoppable(running, parts)
    await parts.stop()
    return null
  } catch (err) {
    // The cause is the error that counts.
    await parts.stop().catch(() => {})
    throw err
  }
}

/** A target, and what reading its store needs. */
interface Running extends Omit<Target, 'stopAndRead'> {
  store: Parameters<typeof openStore>[0]
  /** Stops the programs, but not the store. */
  stopPrograms(): Promise<unknown>
}

function startParts(
  name: TargetName,
  parts: Started,
  print: (line: string) => void,
  moreEnv: Record<string, string>,
): Promise<Running | null> {
  if (name === 'cluster') return startProductionStack(parts, print)
  return name === 'pglite' ? startEmbedded(parts, moreEnv) : startServeAndWorker(parts, print, moreEnv)
}

function stoppable({ store, stopPrograms, ...target }: Running, parts: Started): Target {
  return {
    ...target,
    async stopAndRead(read) {
      try {
        await stopPrograms()
        return await readStore(store, read)
      } finally {
        await parts.stop()
      }
    },
  }
}

async function startEmbedded(parts: Started, moreEnv: Record<string, string>): Promise<Running> {
  const { env, dataDir } = parts.add(await isolatedSettings(), (settings) => settings.cleanUp())
  const settings = { ...env, ...moreEnv, SIMULATOR: 'off', LOG_LEVEL: 'error' }
  const program = parts.add(spawnProgram('src/start.ts', settings), (running) => stop([running]))
  await waitUntilReady(program)
  return {
    name: '`npm start` (PGlite)',
    base: `http://127.0.0.1:${env.PORT}`,
    memoryPeaks: () => ({ 'npm start': peakOf(program) }),
    resetPeaks: () => resetPeak(program),
    stderr: program.stderr,
    store: { dataDir },
    stopPrograms: () => stop([program]),
  }
}

async function startServeAndWorker(
  parts: Started,
  print: (line: string) => void,
  moreEnv: Record<string, string>,
): Promise<Running | null> {
  const postgres = parts.add(await startPostgres(), (found) => found?.stop())
  if (!postgres) return null
  const { dataDir } = parts.add(await isolatedSettings(), (settings) => settings.cleanUp())
  const server = parts.add(await startTemporal(dataDir, { print }), (temporal) => temporal.stop())
  const [port, workerPort] = [String(await freePort()), String(await freePort())]
  const env = {
    ...moreEnv,
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: server.address,
    ADMIN_TOKEN: 'test-admin-token',
    ENCRYPTION_KEY: 'test-encryption-key-of-the-tests',
    LOG_LEVEL: 'error',
    DATA_DIR: dataDir,
    PORT: port,
    WORKER_PORT: workerPort,
  }
  const spawned = (file: string) => parts.add(spawnProgram(file, env), (program) => stop([program]))
  const programs = { serve: spawned('src/serve.ts'), worker: spawned('src/worker.ts') }
  const stderr = () => programs.serve.stderr() + programs.worker.stderr()
  const isGone = () => Object.values(programs).some((p) => p.process.exitCode !== null)
  for (const at of [port, workerPort]) {
    const isReady = () =>
      fetch(`http://127.0.0.1:${at}/readyz`).then(
        (r) => r.status === 200,
        () => false,
      )
    await waitFor(async () => isGone() || (await isReady()), { message: stderr })
  }
  if (isGone()) throw new Error(`serve or worker exited before it was ready:\n${stderr()}`)
  return {
    name: '`serve` and `worker` (PostgreSQL)',
    base: `http://127.0.0.1:${port}`,
    memoryPeaks: () => ({ serve: peakOf(programs.serve), worker: peakOf(programs.worker) }),
    resetPeaks: () => Object.values(programs).forEach(resetPeak),
    stderr,
    store: { dataDir: null, databaseUrl: postgres.url },
    async stopPrograms() {
      await stop(Object.values(programs))
      await server.stop()
    },
  }
}

async function startProductionStack(parts: Started, print: (line: string) => void): Promise<Running | null> {
  const folder = parts.add(temporaryFolder('follower-nurture-load-'), (made) =>
    rmSync(made, { recursive: true, force: true, maxRetries: 5 }),
  )
  const set = await startCluster({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    folder,
    print,
  })
  if (!set) return null
  const { environment: stage, cluster } = parts.add(set, (made) => made.cluster.end())
  await stage.startAll()
  const { PORT = '' } = cluster.envOf('serve-1').env
  return {
    name: 'the production stack',
    base: `http://127.0.0.1:${PORT}`,
    callbackBase: stage.callbackBase,
    memoryPeaks: () => ({}),
    resetPeaks: () => {},
    stderr: () => `see ${folder}`,
    store: { dataDir: null, databaseUrl: cluster.databaseUrl },
    stopPrograms: () => cluster.stop('serve-1', 'serve-2', 'worker-1', 'worker-2'),
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

/** Peak memory of the program since its start or the last reset, MiB; NaN where it is unknown. */
export function peakOf(program: Program): number {
  try {
    const status = readFileSync(`/proc/${program.process.pid}/status`, 'utf8')
    return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
  } catch {
    return Number.NaN
  }
}

/** Resets `VmHWM`, by writing 5 to clear_refs. Source: proc(5). */
function resetPeak(program: Program): void {
  try {
    writeFileSync(`/proc/${program.process.pid}/clear_refs`, '5')
  } catch {
    // Not Linux: the peak counts from the program's start.
  }
}
