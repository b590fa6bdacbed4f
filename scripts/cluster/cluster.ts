import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { prepareNamespace } from '../../src/temporal/local-server/prepare-namespace.ts'
import { loadStack } from './load-compose.ts'
import { createManagedProcess, type ManagedProcess } from './managed-process.ts'
import { makeDatabases, prepareDir } from './prepare-dir.ts'
import { CONTAINERS_ONLY, processesOf } from './service-to-process.ts'
import { logFileOf, spawnProcess, waitUntilReady } from './spawn-process.ts'

const JOB_ATTEMPTS = 10
const RESTART_DELAY_MS = 2_000

/** A service that is being brought up: its process is there; it does its work. */
interface Startup {
  begun: Promise<void>
  done: Promise<void>
}

/** The stack of compose.yaml as processes of this machine. */
export interface Cluster {
  /** Where WeChat pushes. */
  callbackBase: string
  /** Where console and API are. */
  consoleBase: string
  adminToken: string
  databaseUrl: string
  temporalAddress: string
  /** Its long-running processes; Temporal's server is four of them. */
  managedProcesses: readonly ManagedProcess[]
  settings(): Readonly<Record<string, string>>
  /** Changes what `.env` holds, for what starts from now on. */
  set(settings: Record<string, string>): void
  /** Starts services after what they need, and waits until they do their work. All without names, but profiles. */
  up(...services: string[]): Promise<void>
  start(...services: string[]): Promise<void>
  stop(...services: string[]): Promise<void>
  /** Runs a job to its end. @throws Error with what it said when it fails */
  run(service: string): Promise<void>
  /** The environment in which a command of this service runs. */
  envOf(service: string): { env: Record<string, string>; cwd: string }
  /** Whether runs can be started. */
  waitUntilServing(): Promise<void>
  end(): Promise<void>
}

/**
 * Prepares a stack in `folder`: programs, secrets, database. `up` starts it.
 * @param options.restart starts again what ends by itself, as compose does
 * @throws MissingProgramsError when this machine lacks something
 */
export async function createCluster(options: {
  folder: string
  /** Where callbacks and console are reached. */
  port: number
  root?: string
  settings?: Record<string, string>
  restart?: boolean
  print(line: string): void
}): Promise<Cluster> {
  const { folder, print: say, restart = false } = options
  const root = options.root ?? fileURLToPath(new URL('../..', import.meta.url))
  const { location, owner, adminToken, databaseUrl } = await prepareDir({ ...options, root })
  const { services } = loadStack('compose.yaml')
  const names = Object.keys(services).filter((name) => !CONTAINERS_ONLY.includes(name))
  const service = (name: string) => {
    const found = names.includes(name) ? services[name] : undefined
    if (!found) throw new Error(`no service ${name}; there are ${names.join(', ')}`)
    return found
  }
  const processes = (name: string) => processesOf(name, service(name), location)
  const isJob = (name: string) => processes(name).every((p) => p.ready === null)
  const wanted = new Set<string>()
  const processesByService = new Map<string, ManagedProcess[]>()
  for (const name of names) {
    if (isJob(name)) continue
    const own = processes(name).map((process) => createProcess(name, process.name))
    processesByService.set(name, own)
  }
  function createProcess(name: string, process: string): ManagedProcess {
    // Looked up anew at each start: settings may have changed.
    const currentProcess = () => {
      const found = processes(name).find((p) => p.name === process)
      if (!found) throw new Error(`${name} is no process ${process} any more`)
      return found
    }
    const managed = createManagedProcess({
      name: process,
      logFile: logFileOf(process, folder),
      spawn() {
        const child = spawnProcess(currentProcess(), folder, name === 'postgres' ? owner : null)
        child.on('exit', () => {
          if (!restart || !wanted.has(name)) return
          say(`${process} has ended: it starts again`)
          setTimeout(() => {
            if (wanted.has(name)) managed.start().catch((err) => say(`${process}: ${String(err)}`))
          }, RESTART_DELAY_MS)
        })
        return child
      },
      ready: () => waitUntilReady(currentProcess()),
    })
    return managed
  }

  async function start(...requested: string[]): Promise<void> {
    for (const name of requested) wanted.add(name)
    await Promise.all(
      requested.flatMap((name) => (processesByService.get(name) ?? []).map((managed) => managed.start())),
    )
  }

  async function run(name: string): Promise<void> {
    for (let left = JOB_ATTEMPTS; ; left--) {
      const [job] = processes(name)
      if (!job) return
      const [program, ...args] = job.command
      try {
        await promisify(execFile)(program, args, { env: job.env, cwd: job.cwd })
        return
      } catch (err) {
        if (left <= 1) throw new Error(`${name} failed`, { cause: err })
        await sleep(1_000)
      }
    }
  }

  /** As compose does: beside each other, each after what it needs, jobs each time. */
  async function up(...requested: string[]): Promise<void> {
    const startups = new Map<string, Startup>()
    const bringUp = (name: string): Startup => {
      const before = startups.get(name)
      if (before) return before
      const needs = Object.entries(service(name).depends_on)
        .filter(([needed]) => !CONTAINERS_ONLY.includes(needed))
        .map(([needed, { condition }]) => {
          const { begun, done } = bringUp(needed)
          return condition === 'service_started' ? begun : done
        })
      const begun = Promise.all(needs).then(() => {})
      const progress = { begun, done: begun.then(() => startService(name)) }
      startups.set(name, progress)
      return progress
    }
    const chosen =
      requested.length > 0 ? requested : names.filter((name) => !services[name]?.profiles?.length)
    const done = chosen.map((name) => bringUp(name).done)
    await Promise.all(done)
  }

  async function startService(name: string): Promise<void> {
    const startedAt = performance.now()
    if (isJob(name)) await run(name)
    else await start(name)
    if (name === 'postgres') makeDatabases(folder, envOf(name).env)
    say(`${name} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  }

  function envOf(name: string): { env: Record<string, string>; cwd: string } {
    const [first] = processes(name)
    if (!first) throw new Error(`${name} has no process`)
    return { env: first.env, cwd: first.cwd }
  }

  return {
    callbackBase: `http://127.0.0.1:${location.ports.proxy}`,
    consoleBase: `http://localhost:${location.ports.proxy}`,
    adminToken,
    databaseUrl,
    temporalAddress: `127.0.0.1:${location.ports.frontend}`,
    managedProcesses: [...processesByService.values()].flat(),
    settings: () => location.settings,
    set: (settings) => Object.assign(location.settings, settings),
    up,
    start,
    async stop(...requested) {
      for (const name of requested) {
        service(name)
        wanted.delete(name)
        await Promise.all((processesByService.get(name) ?? []).map((managed) => managed.end()))
      }
    },
    run,
    envOf,
    waitUntilServing: () => prepareNamespace(`127.0.0.1:${location.ports.frontend}`, 'nurture', 60_000),
    async end() {
      wanted.clear()
      for (const name of [...names].reverse())
        await Promise.all((processesByService.get(name) ?? []).map((managed) => managed.end()))
    },
  }
}
