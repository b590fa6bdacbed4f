import { fileURLToPath } from 'node:url'
import { prepareNamespace } from '../../src/temporal/local-server/prepare-namespace.ts'
import type { ManagedProcess } from './managed-process.ts'
import { makeDatabases, prepareDir } from './prepare-dir.ts'
import { ServiceSupervisor } from './service-supervisor.ts'
import { runJob } from './spawn-process.ts'
import { StackServices } from './stack-services.ts'

/** The stack of compose.yaml as processes of this machine. */
export interface Cluster {
  /** Base URL for WeChat's callbacks. */
  callbackBase: string
  /** Base URL of console and API. */
  consoleBase: string
  adminToken: string
  databaseUrl: string
  temporalAddress: string
  /** The long-running processes. Temporal's server is four of them. */
  managedProcesses: readonly ManagedProcess[]
  settings(): Readonly<Record<string, string>>
  /** Changes settings of `.env`. A change takes effect when a service starts again. */
  set(settings: Record<string, string>): void
  /** Starts services after their dependencies, and waits until they are ready. Without names: all without a profile. */
  up(...services: string[]): Promise<void>
  start(...services: string[]): Promise<void>
  stop(...services: string[]): Promise<void>
  /** Runs a job until it ends. @throws Error with the job's output when it fails */
  run(service: string): Promise<void>
  /** The environment in which a command of this service runs. */
  envOf(service: string): { env: Record<string, string>; cwd: string }
  /** Waits until Temporal can start runs. */
  waitUntilServing(): Promise<void>
  end(): Promise<void>
}

/**
 * Prepares a stack in `folder`: programs, secrets, database. `up` starts it.
 * @param options.restart restarts a process that exits, as compose does
 * @throws MissingProgramsError when this machine lacks a program that the stack needs
 */
export async function createCluster(options: {
  folder: string
  /** The port of callbacks and console. */
  port: number
  root?: string
  settings?: Record<string, string>
  restart?: boolean
  print(line: string): void
}): Promise<Cluster> {
  const { folder, print, restart = false } = options
  const root = options.root ?? fileURLToPath(new URL('../..', import.meta.url))
  const { location, owner, adminToken, databaseUrl } = await prepareDir({ ...options, root })
  const services = new StackServices(location)
  const supervisor = new ServiceSupervisor({ services, folder, postgresUser: owner, restart, print })
  const temporalAddress = `127.0.0.1:${location.ports.frontend}`

  const run = async (name: string) => {
    const [job] = services.processes(name)
    if (job) await runJob(job)
  }
  const startAndReport = async (name: string) => {
    const startedAt = performance.now()
    if (services.isJob(name)) await run(name)
    else await supervisor.start(name)
    if (name === 'postgres') makeDatabases(folder, services.envOf(name).env)
    print(`${name} started in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  }

  return {
    callbackBase: `http://127.0.0.1:${location.ports.proxy}`,
    consoleBase: `http://localhost:${location.ports.proxy}`,
    adminToken,
    databaseUrl,
    temporalAddress,
    managedProcesses: supervisor.processes,
    settings: () => location.settings,
    set: (settings) => Object.assign(location.settings, settings),
    up: (...names) => services.startInOrder(names.length > 0 ? names : services.defaultNames, startAndReport),
    start: (...names) => supervisor.start(...names),
    stop: (...names) => supervisor.stop(...names),
    run,
    envOf: (name) => services.envOf(name),
    waitUntilServing: () => prepareNamespace(temporalAddress, 'nurture', 60_000),
    end: () => supervisor.stopAll(),
  }
}
