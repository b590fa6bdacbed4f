import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { prepareNamespace } from '../../src/engine/local/namespace.ts'
import { spawnSupervised } from '../../src/engine/local/supervise.ts'
import { createPart, type Part } from './part.ts'
import { choosePorts, type Place } from './place.ts'
import { findPrograms, NoProgramsError } from './programs.ts'
import { FOLDER, readStack } from './stack.ts'
import { type NativeProcess, NOT_NATIVE, nativeProcesses } from './translate.ts'

const READY_WITHIN_MS = 180_000
const STOP_WITHIN_MS = 12_000
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
  mkdirSync(folder, { recursive: true })
  // PostgreSQL's own user must get through; secrets are in a folder that only we may open.
  chmodSync(folder, 0o755)
  const programs = await findPrograms(say)
  const place: Place = {
    folder,
    root,
    ports: await choosePorts(join(folder, 'ports.json'), options.port),
    settings: {
      NURTURE_VERSION: versionOf(root),
      PROXY_ADDRESS: '127.0.0.1',
      ...namesOfNobody,
      ...options.settings,
    },
  }
  const bin = join(folder, 'bin')
  installPrograms(bin, programs)
  execFileSync(join(FOLDER, 'make-secrets.sh'), [folder], { stdio: 'ignore' })
  const secret = (name: string) => readFileSync(join(folder, 'secrets', name), 'utf8').trim()
  const databaseUrl = secret('database_url').replace(/@[^/]+\//, `@127.0.0.1:${place.ports.postgres}/`)
  writeSecret(join(folder, 'secrets/database_url'), databaseUrl)
  const isNew = !existsSync(join(folder, 'postgres/data'))
  const owner = isNew ? initPostgres(folder, secret('postgres_password'), programs.postgres) : ownerOf()

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
  const parts = new Map<string, Part>()
  const partsOf = new Map<string, Part[]>()
  const described = { ...place, settings: { NURTURE_VERSION_BEFORE: 'none', ...place.settings } }
  for (const name of names) {
    if (nativeProcesses(name, service(name), described).every((p) => p.ready === null)) continue
    const own = nativeProcesses(name, service(name), described).map(({ name: process }) =>
      partOf(name, process),
    )
    partsOf.set(name, own)
    for (const part of own) parts.set(part.name, part)
  }
  let databasesMade = !isNew

  function partOf(name: string, process: string): Part {
    // Looked up anew at each start: settings may have changed.
    const current = () => {
      const found = processes(name).find((p) => p.name === process)
      if (!found) throw new Error(`${name} is no process ${process} any more`)
      return found
    }
    const part = createPart({
      name: process,
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
    if (name === 'postgres' && !databasesMade) {
      execFileSync('bash', [join(FOLDER, 'postgres/init-databases.sh')], {
        env: envOf('postgres').env,
        stdio: 'pipe',
      })
      databasesMade = true
    }
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
    adminToken: secret('admin_token'),
    databaseUrl,
    temporalAddress: `127.0.0.1:${place.ports.frontend}`,
    parts: [...parts.values()],
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

/** What compose asks for and nothing here uses: certificates, and what stands before tools that are not run. */
const namesOfNobody = {
  ACME_EMAIL: 'nobody@localhost',
  CALLBACK_HOST: 'localhost',
  CONSOLE_HOST: 'localhost',
}
const unusedHosts = ['TEMPORAL_UI_HOST', 'GRAFANA_HOST', 'TOOLS_USER', 'TOOLS_PASSWORD_HASH']
for (const name of unusedHosts) Object.assign(namesOfNobody, { [name]: 'localhost' })

function versionOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}

/** By the names that the images give them. */
function installPrograms(bin: string, programs: Awaited<ReturnType<typeof findPrograms>>): void {
  mkdirSync(bin, { recursive: true })
  const { postgres, ...others } = programs
  const found = {
    ...others,
    ...Object.fromEntries(
      ['postgres', 'psql', 'pg_dump', 'pg_restore', 'pg_isready'].map((name) => [name, join(postgres, name)]),
    ),
    docker: join(FOLDER, 'native/docker.mjs'),
  }
  for (const [name, target] of Object.entries(found)) {
    rmSync(join(bin, name), { force: true })
    symlinkSync(target, join(bin, name))
  }
  writeFileSync(join(bin, 'entrypoint.sh'), '#!/bin/sh\nexec temporal-server start\n', { mode: 0o755 })
}

function writeSecret(file: string, text: string): void {
  chmodSync(file, 0o644)
  writeFileSync(file, `${text}\n`)
}

type Owner = { uid: number; gid: number } | null

/** PostgreSQL refuses to run as root: it gets a user without rights then. */
function ownerOf(): Owner {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** An empty database, as the image makes it: a password for whoever comes over TCP, none over the socket. */
function initPostgres(folder: string, password: string, programs: string): Owner {
  const home = join(folder, 'postgres')
  const owner = ownerOf()
  mkdirSync(home, { recursive: true })
  const passwordFile = join(home, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) for (const path of [home, passwordFile]) chownSync(path, owner.uid, owner.gid)
  if (owner) {
    try {
      execFileSync('test', ['-x', home], owner)
    } catch {
      throw new NoProgramsError(
        `PostgreSQL does not run as root, and the user nobody cannot get to ${home}: choose another --folder, like /var/tmp/nurture`,
      )
    }
  }
  const auth = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`]
  execFileSync(
    join(programs, 'initdb'),
    ['-D', join(home, 'data'), '-U', 'postgres', '-E', 'UTF8', ...auth],
    {
      ...owner,
      cwd: home,
      stdio: 'ignore',
    },
  )
  rmSync(passwordFile)
  return owner
}

function spawnNative(process: NativeProcess, folder: string, owner: Owner) {
  const [program, ...args] = process.command
  const { env, cwd, name } = process
  const logFile = owner ? join(folder, 'postgres/server.log') : join(folder, 'logs', `${name}.log`)
  const own = owner ? { ...owner, cwd: join(folder, 'postgres') } : { cwd }
  return spawnSupervised(program, args, { logFile, env, stopWithinMs: STOP_WITHIN_MS, ...own })
}

async function becomesReady({ name, ready, env }: NativeProcess): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS
  const isReady = async () => {
    if (ready === null) return true
    if ('port' in ready) return opens(ready.port)
    if ('command' in ready) {
      const [program = '', ...args] = ready.command
      await promisify(execFile)(program, args, { env })
      return true
    }
    const answer = await fetch(ready.http, { signal: AbortSignal.timeout(5_000) })
    return answer.status === 200
  }
  while (!(await isReady().catch(() => false))) {
    if (Date.now() > until) throw new Error(`${name} is not ready after ${READY_WITHIN_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
