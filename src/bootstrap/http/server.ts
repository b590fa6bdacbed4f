import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import { addExtraListeners } from './extra-listeners.ts'
import { localUrl } from './local-url.ts'

/**
 * Connections that may wait until this process accepts them. With Node's 511, clients of a burst are turned away while the
 * process is busy for half a second, and retry only after seconds. The limit of the system (net.core.somaxconn) applies too.
 */
const BACKLOG = 4_096

/**
 * Time limits for a client, ms. With Node's own limits an anonymous client could hold a connection for minutes, or
 * indefinitely: 60 s for headers and 300 s for a request, checked every 30 s, and no limit for an answer that is not read
 * (https://nodejs.org/api/http.html#serverrequesttimeout).
 */
export interface Timeouts {
  /** For the headers of a request. */
  headersMs: number
  /** For the whole request: longer than the API waits for a large body (`src/api/body/bounded-body.ts`). */
  requestMs: number
  /** Without a byte in either direction while an answer is being sent. */
  idleMs: number
  /** How often the first two limits are checked. */
  checkMs: number
  /** For the rest of a request that was answered before it had arrived completely. */
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

/**
 * Serves an app. Rejects with the system's error when the port is in use.
 * @param options.extraListeners for bursts of new connections, as WeChat's
 * @param options.timeouts for tests; default: {@link TIMEOUTS}
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
            // Idle keep-alive connections would keep the server open.
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
  /** The current answer of each connection. */
  const answers = new WeakMap<Socket, ServerResponse>()
  server.prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    answers.set(incoming.socket, outgoing)
    // The adapter does the same for other methods.
    if (incoming.method === 'GET' || incoming.method === 'HEAD')
      closeAfterUnreadBody(incoming, outgoing, timeouts.unreadBodyMs)
  })
  server.setTimeout(timeouts.idleMs, (socket: Socket) => {
    const answer = answers.get(socket)
    // A handler may take minutes until it answers. An answer that the client does not read ends the connection.
    if (!answer || answer.headersSent || answer.writableEnded) socket.destroy()
  })
  return server
}

/** Closes the connection of a GET whose body continues after the answer. Node would discard the bytes until the time-out. */
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

/** Answers a request with an invalid address or Host header, or an error that no handler caught, without details. */
function respondToUnservable(err: unknown): Response {
  const status = err instanceof RequestError ? 400 : 500
  const text = status === 400 ? 'The address or the Host header is not valid.' : 'internal error'
  return new Response(text, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  })
}
