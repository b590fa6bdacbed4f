import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import { addExtraListeners } from './extra-listeners.ts'

/**
 * Connections that may wait until this process accepts them. With Node's 511 a burst finds no room while the process is
 * busy for half a second, and tries again only after seconds. The system's own limit (net.core.somaxconn) is above it.
 */
const BACKLOG = 4_096

/**
 * What a client may take its time for, ms. Node's own limits (60 s for the headers, 300 s for a request, looked at every
 * 30 s, none for an answer that nobody reads) let a stranger hold a connection for minutes or for ever
 * (https://nodejs.org/api/http.html#serverrequesttimeout).
 */
export interface Timeouts {
  /** For the request's headers. */
  headersMs: number
  /** For the whole request: longer than the API waits for a large body (`src/api/body/bounded-body.ts`). */
  requestMs: number
  /** Without a byte in either direction while an answer is on its way. */
  idleMs: number
  /** How often the first two are looked at. */
  checkMs: number
  /** For the rest of a request that was answered before it had come whole. */
  unreadBodyMs: number
}

export const TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 120_000,
  idleMs: 60_000,
  checkMs: 2_000,
  unreadBodyMs: 1_000,
}

export interface Listening {
  url: string
  port: number
  close(): Promise<void>
}

/** Where a browser on this machine finds what listens there. */
export function localUrl(host: string, port: number): string {
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
}

/**
 * Listens with an app; rejects with the system's error when the port is taken.
 * @param options.wide many new connections may come at once: WeChat's
 * @param options.timeouts for tests; without: {@link TIMEOUTS}
 */
export function listen(
  app: Hono,
  port: number,
  host: string,
  options: { extraListeners?: boolean; timeouts?: Partial<Timeouts> } = {},
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = createBoundedServer(app, { ...TIMEOUTS, ...options.timeouts })
    server.once('error', reject)
    server.listen({ port, host, backlog: BACKLOG }, async () => {
      const { port: boundPort } = server.address() as AddressInfo
      const closeExtraListeners = options.extraListeners ? await addExtraListeners(server) : () => {}
      resolve({
        url: localUrl(host, boundPort),
        port: boundPort,
        close: () =>
          new Promise((done) => {
            closeExtraListeners()
            server.close(() => done())
            // Kept-alive connections would hold the server open.
            server.closeAllConnections()
          }),
      })
    })
  })
}

function createBoundedServer(app: Hono, timeouts: Timeouts): Server {
  const listener = getRequestListener(app.fetch, { errorHandler: respondToUnservable })
  const server = createServer(
    {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      connectionsCheckingInterval: timeouts.checkMs,
    },
    listener,
  )
  /** The answer that is on its way on each connection. */
  const answers = new WeakMap<Socket, ServerResponse>()
  server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    answers.set(incoming.socket, outgoing)
    // Bodies of other methods are ended by the adapter, in the same way.
    if (incoming.method === 'GET' || incoming.method === 'HEAD')
      closeAfterUnreadBody(incoming, outgoing, timeouts.unreadBodyMs)
  })
  server.setTimeout(timeouts.idleMs, (socket: Socket) => {
    const answer = answers.get(socket)
    // A call may work for minutes before it answers. One that answers, and whose client reads nothing, is over.
    if (!answer || answer.headersSent || answer.writableEnded) socket.destroy()
  })
  return server
}

/** A GET whose body goes on after its answer: Node throws the bytes away, and keeps the connection until the time-out. */
function closeAfterUnreadBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  unreadBodyMs: number,
): void {
  const { headers } = incoming
  if (headers['transfer-encoding'] === undefined && headers['content-length'] === undefined) return
  outgoing.once('finish', () => {
    if (incoming.complete) return
    setTimeout(() => incoming.complete || incoming.socket.destroySoon(), unreadBodyMs).unref()
  })
}

/** What is no request, by its host or address; and what nothing else has answered. Neither is told in detail. */
function respondToUnservable(err: unknown): Response {
  const status = err instanceof RequestError ? 400 : 500
  const text = status === 400 ? 'The address or the Host header is not valid.' : 'internal error'
  return new Response(text, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })
}
