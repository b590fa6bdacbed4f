import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, PortInUseError } from './ports.ts'
import { type Supervised, untilReady } from './supervise.ts'

const HOST = '127.0.0.1'
const READY_TIMEOUT_MS = 20_000
const READY_POLL_MS = 20
/** A browser closes an unused connection after some minutes. */
const IDLE_MS = 10 * 60_000

/** A program that runs only while somebody is connected to its port. */
export interface OnDemand {
  /** The port on the loopback address that clients use. */
  port: number
  /** Stops the program and closes the port. */
  close(): Promise<void>
}

/**
 * Listens in place of a program that serves HTTP on the loopback address. The first connection starts the program on another
 * port, and each connection is forwarded to it. The program is stopped after `idleMs` without a connection. While it cannot
 * be started, requests are answered with 503.
 * @param options.port 0: a free one
 * @param options.variable the variable of the port, which the error names
 * @param options.start starts the program on this port
 * @throws PortInUseError
 */
export async function serveOnDemand(options: {
  name: string
  port: number
  variable: string
  start(port: number): Supervised
  idleMs?: number
}): Promise<OnDemand> {
  const port = options.port === 0 ? await freePort() : options.port
  const launches = createLaunches(options.name, options.start)
  const clients = new Set<Socket>()
  let idle: NodeJS.Timeout | undefined
  // A client may close its half after the request, and still read the answer.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    clearTimeout(idle)
    clients.add(client)
    client.on('error', () => {})
    client.on('close', () => {
      clients.delete(client)
      if (clients.size > 0) return
      idle = setTimeout(() => void launches.stop(), options.idleMs ?? IDLE_MS).unref()
    })
    launches.port().then(
      (internalPort) => forward(client, internalPort),
      (err: Error) => answerUnavailable(client, err),
    )
  })
  server.listen({ port, host: HOST, exclusive: true })
  await once(server, 'listening').catch(() => {
    throw new PortInUseError(port, HOST, options.variable)
  })
  return {
    port,
    async close() {
      server.close()
      for (const client of clients) client.destroy()
      clearTimeout(idle)
      await launches.stop()
    },
  }
}

/** A start of the program. */
interface Launch {
  program: Supervised | null
  stopped: boolean
  /** Its port, once it listens. */
  port: Promise<number>
}

/** A program that is started when it is needed, also again after it has ended. */
function createLaunches(name: string, start: (port: number) => Supervised) {
  let current: Launch | null = null

  async function launch(it: Launch): Promise<number> {
    const port = await freePort()
    if (it.stopped) throw new Error(`${name} was stopped`)
    const program = start(port)
    it.program = program
    void program.ended.then(() => drop(it))
    try {
      await untilReady(name, program, (signal) => untilListening(port, signal))
      return port
    } catch (err) {
      await program.stop()
      throw err
    }
  }

  function drop(it: Launch): void {
    if (current === it) current = null
  }

  return {
    /** The port of the running program. @throws NotStartedError */
    port(): Promise<number> {
      if (current) return current.port
      const it: Launch = { program: null, stopped: false, port: Promise.resolve(0) }
      current = it
      it.port = launch(it)
      it.port.catch(() => drop(it))
      return it.port
    },
    async stop(): Promise<void> {
      const it = current
      if (!it) return
      drop(it)
      it.stopped = true
      await it.program?.stop()
    },
  }
}

async function untilListening(port: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  while (!signal.aborted) {
    const socket = connect(port, HOST)
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (connected) return
    if (Date.now() > deadline)
      throw new Error(`nothing listens on port ${port} after ${READY_TIMEOUT_MS / 1_000} s`)
    await sleep(READY_POLL_MS)
  }
}

function forward(client: Socket, port: number): void {
  const upstream = connect({ port, host: HOST, allowHalfOpen: true })
  upstream.on('error', () => client.destroy())
  upstream.on('close', () => client.destroy())
  client.on('close', () => upstream.destroy())
  if (client.destroyed) upstream.destroy()
  else client.pipe(upstream).pipe(client)
}

function answerUnavailable(client: Socket, err: Error): void {
  // The rest of the message quotes the log, which only its own user may read.
  const body = `${err.message.split('\n', 1)[0]}\n`
  const head =
    'HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close'
  client.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
