import { Agent, request } from 'undici'
import { freePort } from '../../src/temporal/local-server/ports.ts'
import { findNode, OTHER_NODE_VERSIONS } from '../../test/harness/process/node-versions.ts'
import { type Program, spawnProgram } from '../../test/harness/process/program.ts'
import { waitFor } from '../../test/harness/wait-for.ts'
import { NotAvailableError } from '../not-available.ts'
import type { Adapter } from './adapter.ts'
import { ADAPTERS } from './adapters/index.ts'
import { type Backend, startBackend } from './backend.ts'
import { descendantMemory } from './descendant-memory.ts'
import { installLibraries } from './install.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import type { OpenSystem, Route, System } from './system.ts'

const READY_WITHIN_MS = 60_000
const CLIENT_CONNECTIONS = 50

/**
 * Starts the servers of a design. Its worker starts by `start`.
 * @throws NotAvailableError when this machine lacks a server, a library or a Node version that it needs
 */
export function openWorkerSystem(name: string): OpenSystem {
  return async ({ folder, sharedFolder, print }) => {
    const adapter = ADAPTERS[name]
    if (!adapter) throw new Error(`There is no design "${name}".`)
    const node = adapter.needsNode22 ? await findNode22(print) : process.execPath
    const env = {
      PEER_DESIGN: name,
      PEER_FOLDER: sharedFolder,
      PEER_LIBRARIES: adapter.usesLibrary ? await installLibraries(print) : '',
      PEER_PORT: String(await freePort()),
    }
    const backend = await startBackend(adapter.server ? [adapter.server] : [], folder, print)
    return new WorkerSystem(adapter, node, env, backend, await startReceiver())
  }
}

async function findNode22(print: (line: string) => void): Promise<string> {
  const version = OTHER_NODE_VERSIONS.map((v) => v.version).find((v) => v.startsWith('22.')) ?? '22'
  if (process.version === `v${version}`) return process.execPath
  const { path, missing } = await findNode(version, print)
  if (missing) throw new NotAvailableError(`Node ${version}: ${missing}`)
  return path
}

/** A design whose process is `worker.ts` with its adapter. */
class WorkerSystem implements System {
  readonly recoveryMs: number
  readonly maxWaiting: number | undefined
  readonly hasStore: boolean
  readonly cancel: System['cancel']
  readonly connections: System['connections']
  readonly #adapter: Adapter
  readonly #node: string
  readonly #env: Record<string, string>
  readonly #backend: Backend
  readonly #receiver: Receiver
  readonly #client = new Agent({ connections: CLIENT_CONNECTIONS })
  #program: Program | null = null

  constructor(
    adapter: Adapter,
    node: string,
    env: Record<string, string>,
    backend: Backend,
    receiver: Receiver,
  ) {
    this.recoveryMs = adapter.recoveryMs
    this.maxWaiting = adapter.maxWaiting
    this.hasStore = adapter.server !== null
    this.connections = backend.connections
    this.cancel = adapter.canCancel ? (id) => this.#call('DELETE', `/messages/${id}`).then(() => {}) : null
    this.#adapter = adapter
    this.#node = node
    this.#env = { ...env, PEER_RECEIVER: receiver.url }
    this.#backend = backend
    this.#receiver = receiver
  }

  async start(route: Route): Promise<void> {
    const PEER_URL = this.#adapter.server ? this.#backend.url(this.#adapter.server, route) : ''
    const program = spawnProgram('bench/peers/worker.ts', { ...this.#env, PEER_URL }, this.#node)
    this.#program = program
    const isReady = () => this.#call('GET', '/ready').catch(() => null)
    await waitFor(async () => program.process.exitCode !== null || (await isReady()), {
      message: () => `the worker is not ready: ${program.stderr()}`,
      timeoutMs: READY_WITHIN_MS,
    })
    if (program.process.exitCode !== null) throw new Error(`the worker ended: ${program.stderr()}`)
  }

  async kill(): Promise<void> {
    this.#program?.process.kill('SIGKILL')
    await this.#program?.exited
  }

  async stop(): Promise<void> {
    await this.kill()
    await this.#backend.stop()
    await this.#receiver.close()
    await this.#client.destroy()
  }

  async accept(id: string, delayMs: number): Promise<number> {
    const dueAt = Date.now() + delayMs
    await this.#call('POST', '/messages', JSON.stringify({ id, dueAt, delayMs, text: TEXT }))
    return dueAt
  }

  async settle(): Promise<void> {}

  arrivals() {
    return this.#receiver.arrivals
  }

  delayAnswers(ms: number): void {
    this.#receiver.setDelay(ms)
  }

  /** The worker's heap after a garbage collection, and the memory of the servers (PSS). */
  async memory(): Promise<number> {
    const heap = Number(await this.#call('POST', '/heap'))
    return heap + descendantMemory(this.#program?.process.pid)
  }

  disk(): Promise<number | null> {
    return this.#backend.disk()
  }

  async #call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: string): Promise<string> {
    const url = `http://127.0.0.1:${this.#env.PEER_PORT}${path}`
    const answer = await request(url, { method, body: body ?? null, dispatcher: this.#client })
    const text = await answer.body.text()
    if (answer.statusCode === 200) return text
    throw new Error(
      `the worker answered ${answer.statusCode} to ${method} ${path}: ${this.#program?.stderr()}`,
    )
  }
}

/** As long as a message of the example campaigns. */
const TEXT = 'A text of some length, as a message to a follower has it. '.repeat(4)
