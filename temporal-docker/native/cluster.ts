import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { prepareNamespace } from '../../src/engine/local/namespace.ts'
import { furnish, makeDatabases } from './furnish.ts'
import { createPart, type Part } from './part.ts'
import { becomesReady, logFileOf, spawnNative } from './process.ts'
import { readStack } from './stack.ts'
import { NOT_NATIVE, nativeProcesses } from './translate.ts'

const JOB_TRIES = 10
const RESTART_AFTER_MS = 2_000

/** A service that is being brought up: its process is there; it does its work. */
interface Progress {
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
  parts: readonly Part[]
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
  serves(): Promise<void>
  end(): Promise<void>
}

/**
 * Prepares a stack in `folder`: programs, secrets, database. `up` starts it.
 * @param options.restart starts again what ends by itself, as compose does
 * @throws NoProgramsError when this machine lacks something
 */
export async function createCluster(options: {
  folder: string
  /** Where callbacks and console are reached. */
  port: number
  root?: string
  settings?: Record<string, string>
  restart?: boolean
  say(line: string): void
}): Promise<Cluster> {
  const { folder, say, restart = false } = options
  const root = options.root ?? fileURLToPath(new URL('../..', import.meta.url))
  const { place, owner, adminToken, databaseUrl } = await furnish({ ...options, root })
  const { services } = readStack('compose.yaml')
  const names = Object.keys(services).filter((name) => !NOT_NATIVE.includes(name))
  const service = (name: string) => {
    const found = names.includes(name) ? services[name] : undefined
    if (!found) throw new Error(`no service ${name}; there are ${names.join(', ')}`)
    return found
  }
  const processes = (name: string) => nativeProcesses(name, service(name), place)
  const isJob = (name: string) => processes(name).every((p) => p.ready === null)
  const wanted = new Set<string>()
  const partsOf = new Map<string, Part[]>()
  for (const name of names) {
    if (isJob(name)) continue
    const own = processes(name).map((process) => partOf(name, process.name))
    partsOf.set(name, own)
  }
  function partOf(name: string, process: string): Part {
    // Looked up anew at each start: settings may have changed.
    const current = () => {
      const found = processes(name).find((p) => p.name === process)
      if (!found) throw new Error(`${name} is no process ${process} any more`)
      return found
    }
    const part = createPart({
      name: process,
      logFile: logFileOf(process, folder),
      spawn() {
        const child = spawnNative(current(), folder, name === 'postgres' ? owner : null)
        child.on('exit', () => {
          if (!restart || !wanted.has(name)) return
          say(`${process} has ended: it starts again`)
          setTimeout(() => {
            if (wanted.has(name)) part.start().catch((err) => say(`${process}: ${String(err)}`))
          }, RESTART_AFTER_MS)
        })
        return child
      },
      ready: () => becomesReady(current()),
    })
    return part
  }

  async function start(...some: string[]): Promise<void> {
    for (const name of some) wanted.add(name)
    await Promise.all(some.flatMap((name) => (partsOf.get(name) ?? []).map((part) => part.start())))
  }

  async function run(name: string): Promise<void> {
    for (let left = JOB_TRIES; ; left--) {
      const [job] = processes(name)
      if (!job) return
      const [program, ...args] = job.command
      try {
        await promisify(execFile)(program, args, { env: job.env, cwd: job.cwd })
        return
      } catch (err) {
        if (left <= 1) throw new Error(`${name} failed`, { cause: err })
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
    }
  }

  /** As compose does: beside each other, each after what it needs, jobs each time. */
  async function up(...some: string[]): Promise<void> {
    const underWay = new Map<string, Progress>()
    const bring = (name: string): Progress => {
      const before = underWay.get(name)
      if (before) return before
      const needs = Object.entries(service(name).depends_on)
        .filter(([needed]) => !NOT_NATIVE.includes(needed))
        .map(([needed, { condition }]) => {
          const { begun, done } = bring(needed)
          return condition === 'service_started' ? begun : done
        })
      const begun = Promise.all(needs).then(() => {})
      const progress = { begun, done: begun.then(() => begin(name)) }
      underWay.set(name, progress)
      return progress
    }
    const chosen = some.length > 0 ? some : names.filter((name) => !services[name]?.profiles?.length)
    const done = chosen.map((name) => bring(name).done)
    await Promise.all(done)
  }

  async function begin(name: string): Promise<void> {
    const began = performance.now()
    if (isJob(name)) await run(name)
    else await start(name)
    if (name === 'postgres') makeDatabases(folder, envOf(name).env)
    say(`${name} after ${((performance.now() - began) / 1000).toFixed(1)} s`)
  }

  function envOf(name: string): { env: Record<string, string>; cwd: string } {
    const [first] = processes(name)
    if (!first) throw new Error(`${name} has no process`)
    return { env: first.env, cwd: first.cwd }
  }

  return {
    callbackBase: `http://127.0.0.1:${place.ports.proxy}`,
    consoleBase: `http://localhost:${place.ports.proxy}`,
    adminToken,
    databaseUrl,
    temporalAddress: `127.0.0.1:${place.ports.frontend}`,
    parts: [...partsOf.values()].flat(),
    settings: () => place.settings,
    set: (settings) => Object.assign(place.settings, settings),
    up,
    start,
    async stop(...some) {
      for (const name of some) {
        service(name)
        wanted.delete(name)
        await Promise.all((partsOf.get(name) ?? []).map((part) => part.end()))
      }
    },
    run,
    envOf,
    serves: () => prepareNamespace(`127.0.0.1:${place.ports.frontend}`, 'nurture', 60_000),
    async end() {
      wanted.clear()
      for (const name of [...names].reverse())
        await Promise.all((partsOf.get(name) ?? []).map((part) => part.end()))
    },
  }
}
